//! What one route takes and gives, said beside the route itself, so that none can be added without it.

use picket_protocol::wire::MEDIA_PROBLEM;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        ArrayBuilder, ContentBuilder, ObjectBuilder, Ref, RefOr, Required, ResponseBuilder, Schema, Type,
        path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
    },
};

use super::Problem;
use crate::domain::access::Right;

const JSON: &str = "application/json";

/// What a route takes and gives.
pub(crate) struct Told {
    summary: &'static str,
    parameters: Vec<Parameter>,
    body: Option<RefOr<Schema>>,
    answers: Vec<(u16, &'static str, Option<RefOr<Schema>>)>,
    right: Option<Right>,
    schemas: Vec<(String, RefOr<Schema>)>,
}

/// Begins with what the route does, in a few words.
pub(crate) const fn told(summary: &'static str) -> Told {
    Told { summary, parameters: Vec::new(), body: None, answers: Vec::new(), right: None, schemas: Vec::new() }
}

impl Told {
    /// It takes a query.
    pub(crate) fn asks<Q: IntoParams>(mut self) -> Self {
        self.parameters.extend(Q::into_params(|| Some(ParameterIn::Query)));
        self
    }

    /// It takes a JSON body.
    pub(crate) fn takes<T: ToSchema>(mut self) -> Self {
        self.body = Some(self.named::<T>());
        self
    }

    /// It may be asked again under the same Idempotency-Key.
    pub(crate) fn keyed(self) -> Self {
        let key = ParameterBuilder::new().name("Idempotency-Key").parameter_in(ParameterIn::Header);
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(128));
        let key = key.required(Required::False).description(Some("Asked again under it, it is one creation."));
        self.parameter(key.schema(Some(text)).build())
    }

    /// It gives JSON.
    pub(crate) fn gives<T: ToSchema>(mut self, status: u16) -> Self {
        let schema = self.named::<T>();
        self.answers.push((status, JSON, Some(schema)));
        self
    }

    /// It gives a list, as JSON.
    pub(crate) fn gives_each<T: ToSchema>(mut self, status: u16) -> Self {
        let list = ArrayBuilder::new().items(self.named::<T>());
        self.answers.push((status, JSON, Some(list.into())));
        self
    }

    /// It gives a file of this media type.
    pub(crate) fn gives_file(mut self, status: u16, media: &'static str) -> Self {
        self.answers.push((status, media, None));
        self
    }

    pub(super) fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    pub(super) fn needing(mut self, right: Right) -> Self {
        self.right = Some(right);
        self
    }

    /// A reference to a type's schema, which is kept.
    fn named<T: ToSchema>(&mut self) -> RefOr<Schema> {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        RefOr::Ref(Ref::from_schema_name(T::name()))
    }

    pub(super) fn finish(mut self, id: String) -> (Operation, Vec<(String, RefOr<Schema>)>) {
        let problem = ContentBuilder::new().schema(Some(self.named::<Problem>())).build();
        let problem = ResponseBuilder::new().description("A refusal (RFC 9457).").content(MEDIA_PROBLEM, problem);
        let mut operation = OperationBuilder::new().summary(Some(self.summary)).operation_id(Some(id));
        operation = operation.description(self.right.map(|right| format!("Needs the role {} or more.", right.least())));
        operation = self.parameters.into_iter().fold(operation, OperationBuilder::parameter);
        if let Some(body) = self.body {
            let body = ContentBuilder::new().schema(Some(body)).build();
            let body = RequestBodyBuilder::new().content(JSON, body).required(Some(Required::True));
            operation = operation.request_body(Some(body.build()));
        }
        let mut statuses: Vec<u16> = self.answers.iter().map(|(status, ..)| *status).collect();
        statuses.dedup();
        for status in statuses {
            let mut answer = ResponseBuilder::new().description("Done.");
            for (_, media, schema) in self.answers.iter().filter(|(of, ..)| *of == status) {
                answer = answer.content(*media, ContentBuilder::new().schema(schema.clone()).build());
            }
            operation = operation.response(status.to_string(), answer.build());
        }
        (operation.response("default", problem.build()).build(), self.schemas)
    }
}
