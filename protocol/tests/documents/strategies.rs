//! Documents of every allowed content, for properties.

use picket_protocol::{
    documents::activation::{
        Activation, Binding, Certificate, CloudConnected, Endpoint, Hub, HubKind, LocallyManaged, ManagementConsole,
        Mode, ModeSettings, Secret, Subscription,
    },
    heartbeat::{
        Answer, Chain, Component, Confirmation, DesiredState, Health, Heartbeat, SensorStatus, Standing, StreamTotals,
        TiStatus, Versions,
    },
    ids::{
        ApplianceId, Cti, Epoch, HeartbeatDigest, SensorId, Serial, StreamId, SubscriptionId, Thumbprint, TrustRootId,
    },
    names::{Label, SensorName},
    time::UnixSeconds,
};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
};

pub(crate) fn labels() -> impl Strategy<Value = Label> {
    "[^\\p{Cc}]{1,128}".prop_map(|text| Label::try_from(text).expect("a label"))
}

pub(crate) fn names() -> impl Strategy<Value = SensorName> {
    "[0-9A-Za-zäß]([0-9A-Za-zäß ._:-]{0,62}[0-9A-Za-zäß])?".prop_map(|text| text.parse().expect("a name"))
}

fn secrets() -> impl Strategy<Value = Secret> {
    "[!-~]{22,128}".prop_map(|text| Secret::new(text).expect("a token"))
}

pub(crate) fn instants() -> impl Strategy<Value = UnixSeconds> {
    (0i64..=253_402_300_799).prop_map(UnixSeconds)
}

pub(crate) fn serials() -> impl Strategy<Value = Serial> {
    (0..=Serial::MAX.0).prop_map(Serial)
}

fn appliances() -> impl Strategy<Value = ApplianceId> {
    any::<[u8; 32]>().prop_map(|digest| ApplianceId::from_digest(&digest))
}

fn endpoints(scheme: &'static str) -> impl Strategy<Value = Endpoint> {
    let host =
        prop_oneof!["[a-z]{1,10}(\\.[a-z]{1,10}){0,3}", Just("10.0.0.1".to_owned()), Just("[fd00::1]".to_owned())];
    let port = option::of(1u16..);
    let certificates = vec(vec(any::<u8>(), 1..200).prop_map(Certificate), 1..=8);
    (host, port, certificates).prop_map(move |(host, port, ca_certificates)| {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Endpoint { url: format!("{scheme}://{host}{port}"), ca_certificates }
    })
}

fn hubs() -> impl Strategy<Value = Hub> {
    let https = (endpoints("https"), any::<bool>()).prop_map(|(endpoint, portal_confirms)| Hub {
        kind: HubKind::Https,
        endpoint,
        topic_template: None,
        portal_confirms,
    });
    let mqtt = (endpoints("mqtts"), "[a-z/]{0,20}", any::<bool>()).prop_map(|(endpoint, prefix, portal_confirms)| {
        Hub { kind: HubKind::Mqtt, endpoint, topic_template: Some(format!("{prefix}/{{sensor_id}}")), portal_confirms }
    });
    prop_oneof![https, mqtt]
}

fn modes() -> impl Strategy<Value = ModeSettings> {
    let cloud = (endpoints("https"), secrets(), hubs(), any::<bool>());
    let console = (endpoints("https"), secrets());
    prop_oneof![
        cloud.prop_map(|(portal, enrolment_token, hub, automatic_ti)| {
            ModeSettings::CloudConnected(CloudConnected { portal, enrolment_token, hub, automatic_ti })
        }),
        option::of(console).prop_map(|console| {
            let console = console.map(|(endpoint, pairing_token)| ManagementConsole { endpoint, pairing_token });
            ModeSettings::LocallyManaged(LocallyManaged { management_console: console })
        }),
    ]
}

fn bindings() -> impl Strategy<Value = Binding> {
    prop_oneof![
        Just(Binding::None),
        appliances().prop_map(Binding::Appliance),
        any::<[u8; 32]>().prop_map(|digest| Binding::Key(Thumbprint::from_bytes(digest))),
    ]
}

prop_compose! {
    pub(crate) fn activations(issuer: TrustRootId)(
        ids in any::<([u8; 16], [u8; 16], [u8; 16])>(),
        issued_at in 1_000_000_000i64..100_000_000_000,
        later in 0i64..1_000_000,
        window in 1i64..=365 * 86_400,
        serial in serials(),
        name in names(),
        filed in (labels(), option::of(labels()), option::of(labels())),
        tags in btree_map(labels(), labels(), 0..=5),
        binding in bindings(),
        licence_until in option::of(instants()),
        mode in modes(),
    ) -> Activation {
        let (subscription, site, zone) = filed;
        Activation {
            issuer,
            sensor: SensorId::from_bytes(ids.0),
            issued_at: UnixSeconds(issued_at),
            not_before: UnixSeconds(issued_at + later),
            upload_until: UnixSeconds(issued_at + later + window),
            cti: Cti::from_bytes(ids.1),
            serial,
            name,
            subscription: Subscription { id: SubscriptionId::from_bytes(ids.2), name: subscription },
            site,
            zone,
            tags,
            binding,
            licence_until,
            mode,
        }
    }
}

prop_compose! {
    fn statuses()(
        mode in prop_oneof![Just(Mode::CloudConnected), Just(Mode::LocallyManaged)],
        numbers in any::<(u64, u64, u32)>(),
        name in names(),
        appliance in appliances(),
        addresses in vec("[0-9a-f.:]{1,40}", 0..=32),
        clock in instants(),
        counters in btree_map("[a-z.]{1,20}", any::<u64>(), 0..10),
        health in btree_map(
            prop::sample::select(&Component::ALL[..]),
            ("[a-z.-]{1,30}", instants()).prop_map(|(code, since)| Health { code, since }),
            0..=8,
        ),
        ti in (option::of("[0-9.]{1,10}"), any::<bool>(), "[a-z]{1,10}"),
        streams in btree_map(any::<[u8; 16]>().prop_map(StreamId::from_bytes), totals(), 0..4),
        last_candidate in option::of("[a-z.-]{1,30}"),
    ) -> SensorStatus {
        SensorStatus {
            mode,
            epoch: Epoch(numbers.0),
            name,
            appliance,
            addresses,
            uptime_seconds: numbers.1,
            clock,
            interval_seconds: numbers.2,
            counters,
            health,
            ti: TiStatus { version: ti.0, automatic: ti.1, status: ti.2 },
            streams,
            last_candidate,
        }
    }
}

fn totals() -> impl Strategy<Value = StreamTotals> {
    let dropped = btree_map("[a-z-]{1,20}", any::<u64>(), 0..4);
    (any::<u64>(), any::<u64>(), dropped, option::of(instants())).prop_map(
        |(head, delivered, dropped, oldest_undelivered)| StreamTotals { head, delivered, dropped, oldest_undelivered },
    )
}

prop_compose! {
    pub(crate) fn heartbeats()(
        chain in any::<(u64, [u8; 16], Option<[u8; 32]>)>(),
        sensor in any::<[u8; 16]>(),
        serial in serials(),
        standing in prop::sample::select(&Standing::ALL[..]),
        versions in ("[0-9.]{1,20}", option::of("[0-9.]{1,20}")),
        status in option::of(statuses()),
    ) -> Heartbeat {
        let (counter, nonce, previous) = chain;
        let previous = previous.map(HeartbeatDigest::from_bytes);
        Heartbeat {
            chain: Chain { counter, nonce, previous },
            sensor: SensorId::from_bytes(sensor),
            serial,
            standing,
            versions: Versions { agent: versions.0, engine: versions.1 },
            status,
        }
    }
}

fn confirmations() -> impl Strategy<Value = Confirmation> {
    vec((1u64..1000, 0u64..1000), 0..64).prop_map(|gaps| {
        let mut next = 0;
        let range = |(gap, length): (u64, u64)| {
            let first = next + gap;
            next = first + length;
            (first, next)
        };
        let lacks: Vec<(u64, u64)> = gaps.into_iter().map(range).collect();
        Confirmation { up_to: lacks.last().map_or(7, |(_, last)| last + 1), lacks }
    })
}

prop_compose! {
    pub(crate) fn answers()(
        time in instants(),
        filed in (option::of(names()), option::of(labels()), option::of(labels())),
        tags in btree_map(labels(), labels(), 0..=5),
        settings in (option::of(any::<bool>()), option::of(DesiredState::INTERVALS)),
        confirmations in btree_map(any::<[u8; 16]>().prop_map(StreamId::from_bytes), confirmations(), 0..4),
        roots in vec(vec(any::<u8>(), 0..100), 0..=32),
        documents in any::<(Option<Vec<u8>>, Option<Vec<u8>>)>(),
    ) -> Answer {
        let (name, site, zone) = filed;
        let (automatic_ti, interval_seconds) = settings;
        Answer {
            time,
            desired: DesiredState { name, site, zone, tags, automatic_ti, interval_seconds },
            confirmations,
            roots,
            reissue: documents.0,
            deactivation: documents.1,
        }
    }
}
