//! Both keys over what they sign, and the check over what is not signed.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use alims_operations::ports::{PublicKey, SignatureBytes, SignatureCheck, Signer, SignerError};
use alims_signing::{EcdsaCheck, FileKey, FileKeyError, KmsKey, public_key_from_pem, public_key_to_pem};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::process::Command;

const MESSAGE: &[u8] = b"{\"number\":1}";

fn key(folder: &tempfile::TempDir) -> FileKey {
    FileKey::load_or_create(&folder.path().join("signing-key")).unwrap()
}

#[tokio::test]
async fn a_file_key_is_made_once_and_its_signature_verifies_only_what_was_signed() {
    let folder = tempfile::tempdir().unwrap();
    let (first, again) = (key(&folder), key(&folder));
    let public = first.public_key().await.unwrap();
    assert_eq!(again.public_key().await.unwrap(), public);
    let signature = again.sign(MESSAGE).await.unwrap();
    assert!(EcdsaCheck.verifies(&public, MESSAGE, &signature));
    assert!(!EcdsaCheck.verifies(&public, b"{\"number\":2}", &signature));
    let other = key(&tempfile::tempdir().unwrap()).public_key().await.unwrap();
    assert!(!EcdsaCheck.verifies(&other, MESSAGE, &signature));
    for odd in [vec![], vec![0; 72], signature.0[1..].to_vec()] {
        assert!(!EcdsaCheck.verifies(&public, MESSAGE, &SignatureBytes(odd)));
    }
    assert!(!EcdsaCheck.verifies(&PublicKey(b"no key".to_vec()), MESSAGE, &signature));
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_key_is_for_its_owner_alone_and_is_never_replaced() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signing-key");
    FileKey::load_or_create(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(FileKey::load_or_create(&path), Err(FileKeyError::OthersMayRead(_))));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    for odd in ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        std::fs::write(&path, odd).unwrap();
        assert!(matches!(FileKey::load_or_create(&path), Err(FileKeyError::NotAKey(_))), "{odd}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), odd);
    }
}

#[tokio::test]
async fn openssl_checks_a_signature() {
    let folder = tempfile::tempdir().unwrap();
    let key = key(&folder);
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("key.pem"), public_key_to_pem(&key.public_key().await.unwrap())).unwrap();
    std::fs::write(at("signature"), key.sign(MESSAGE).await.unwrap().0).unwrap();
    for (message, fits) in [(MESSAGE, true), (b"other", false)] {
        std::fs::write(at("message"), message).unwrap();
        let mut openssl = Command::new("openssl");
        openssl.args(["dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "message"]);
        let Ok(checked) = openssl.current_dir(folder.path()).output() else { return }; // it is not installed
        assert_eq!(checked.status.success(), fits, "{checked:?}");
    }
}

#[tokio::test]
async fn a_public_key_comes_back_from_its_pem_and_nothing_else_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let public = key(&folder).public_key().await.unwrap();
    let pem = public_key_to_pem(&public);
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{pem}");
    assert_eq!(public_key_from_pem(pem.as_bytes()), Ok(public));
    let private = std::fs::read(folder.path().join("signing-key")).unwrap();
    for odd in [&b""[..], b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", &private] {
        public_key_from_pem(odd).unwrap_err();
    }
}

/// KMS with one key, or with one error code.
async fn kms(answer: Result<FileKey, (StatusCode, &'static str)>) -> SdkConfig {
    async fn call(
        State(answer): State<Result<FileKey, (StatusCode, &'static str)>>,
        headers: HeaderMap,
        body: String,
    ) -> (StatusCode, String) {
        let asked: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(asked["KeyId"], "alias/anchors");
        let key = match answer {
            Ok(key) => key,
            Err((status, code)) => return (status, json!({"__type": code, "message": "no"}).to_string()),
        };
        let answer = match headers["x-amz-target"].to_str().unwrap() {
            "TrentService.GetPublicKey" => {
                json!({"PublicKey": BASE64_STANDARD.encode(key.public_key().await.unwrap().0)})
            }
            "TrentService.Sign" => {
                assert_eq!(
                    (&asked["MessageType"], &asked["SigningAlgorithm"]),
                    (&json!("DIGEST"), &json!("ECDSA_SHA_256"))
                );
                let sent = BASE64_STANDARD.decode(asked["Message"].as_str().unwrap()).unwrap();
                let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, MESSAGE);
                assert_eq!(sent, digest.as_ref());
                json!({"Signature": BASE64_STANDARD.encode(key.sign(MESSAGE).await.unwrap().0)})
            }
            other => panic!("{other}"),
        };
        (StatusCode::OK, answer.to_string())
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = Router::new().fallback(call).with_state(answer);
    tokio::spawn(async move { axum::serve(listener, service).await });
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .test_credentials()
        .endpoint_url(url)
        .load()
        .await
}

#[tokio::test]
async fn kms_signs_the_digest_and_the_signature_fits_the_message() {
    let folder = tempfile::tempdir().unwrap();
    let key = KmsKey::new(&kms(Ok(key(&folder))).await, "alias/anchors");
    let (public, signature) = (key.public_key().await.unwrap(), key.sign(MESSAGE).await.unwrap());
    assert!(EcdsaCheck.verifies(&public, MESSAGE, &signature));
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &public.0).verify(MESSAGE, &signature.0).unwrap();
}

#[tokio::test]
async fn what_passes_is_told_from_what_an_operator_has_to_correct() {
    for (status, code, passes) in [
        (StatusCode::BAD_REQUEST, "DisabledException", false),
        (StatusCode::BAD_REQUEST, "AccessDeniedException", false),
        (StatusCode::BAD_REQUEST, "NotFoundException", false),
        (StatusCode::BAD_REQUEST, "ThrottlingException", true),
        (StatusCode::INTERNAL_SERVER_ERROR, "KMSInternalException", true),
    ] {
        let key = KmsKey::new(&kms(Err((status, code))).await, "alias/anchors");
        let error = key.sign(MESSAGE).await.unwrap_err();
        assert_eq!(matches!(error, SignerError::Unavailable(_)), passes, "{code}");
    }
}
