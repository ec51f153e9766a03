//! Certificates wrapped as EST answers carry them: a certs-only CMS SignedData (RFC 5652 §5), in base64.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cms::{
    cert::CertificateChoices,
    content_info::{CmsVersion, ContentInfo},
    signed_data::{CertificateSet, EncapsulatedContentInfo, SignedData, SignerInfos},
};
use der::{
    Any, Decode as _, Encode as _,
    asn1::{ObjectIdentifier, SetOfVec},
};
use rustls_pki_types::CertificateDer;
use x509_cert::Certificate;

/// id-data and id-signedData (RFC 5652 §4, §5.1).
const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ID_SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

pub(super) fn wrap(certificates: &[CertificateDer<'_>]) -> Result<String, der::Error> {
    let mut set = SetOfVec::new();
    for certificate in certificates {
        set.insert(CertificateChoices::Certificate(Certificate::from_der(certificate)?))?;
    }
    let signed = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::default(),
        encap_content_info: EncapsulatedContentInfo { econtent_type: ID_DATA, econtent: None },
        certificates: Some(CertificateSet(set)),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::default()),
    };
    let info = ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&signed)? };
    Ok(STANDARD.encode(info.to_der()?))
}
