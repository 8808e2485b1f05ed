//! Traces over OTLP (HTTP, protobuf), if the environment names a collector.
//!
//! All else is configured as in any program with OpenTelemetry: `OTEL_TRACES_SAMPLER`,
//! `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_BSP_…`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use axum::http::HeaderMap;
use opentelemetry::{
    Key, KeyValue, Value,
    propagation::{Extractor, TextMapPropagator as _},
    trace::{SpanKind, Status, TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_otlp::{Protocol, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    propagation::TraceContextPropagator,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use reqwest::Url;
use tokio::runtime::Handle;
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

use crate::server::environment::Environment;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
/// These may hold a token.
const HEADERS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_HEADERS",
];
const TRACES_PATH: &str = "v1/traces";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
/// Only this crate's spans are sent: those of libraries hold addresses.
const CRATE: &str = env!("CARGO_CRATE_NAME");
const STATUS: &str = "http.response.status_code";
/// The longest time that the exit waits for a collector that does not respond.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

pub struct Traces(SdkTracerProvider);

impl Traces {
    /// `None` when no collector is named.
    ///
    /// # Errors
    /// The variable with the wrong value.
    pub fn of(environment: &Environment, runtime: &Handle) -> Result<Option<Self>> {
        let Some(endpoint) = endpoint(environment)? else {
            return Ok(None);
        };
        for headers in HEADERS {
            if environment.text(&[headers]).is_some() {
                let endpoints = [TRACES_ENDPOINT, ENDPOINT];
                environment.check_destination(&[headers], &endpoints, |_| false)?;
            }
        }
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .build()
            .context("the variables that begin with OTEL_EXPORTER_OTLP are wrong")?;
        let exporter = Exporter {
            exporter: Arc::new(exporter),
            runtime: runtime.clone(),
            failing: AtomicBool::new(false),
        };
        let resource = match environment.text(&[SERVICE_NAME]) {
            Some(name) => Resource::builder().with_service_name(name),
            None => Resource::builder().with_service_name(env!("CARGO_PKG_NAME")),
        };
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.with_attribute(version).build());
        Ok(Some(Self(provider.build())))
    }

    pub fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(CRATE))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target(CRATE, Level::INFO))
    }

    /// Sends the remaining traces.
    pub fn end(self) {
        if let Err(error) = self.0.shutdown_with_timeout(SHUTDOWN_TIMEOUT) {
            tracing::warn!("the last traces were not sent: {error}");
        }
    }
}

/// The full address that spans are sent to.
fn endpoint(environment: &Environment) -> Result<Option<String>> {
    let check = |name: &str, text: &str| {
        let url = Url::parse(text).ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
        url.with_context(|| {
            format!("{name}: “{text}” is not an address such as http://localhost:4318")
        })
    };
    if let Some(text) = environment.text(&[TRACES_ENDPOINT]) {
        return Ok(Some(check(TRACES_ENDPOINT, &text)?.into()));
    }
    let Some(text) = environment.text(&[ENDPOINT]) else {
        return Ok(None);
    };
    let url = check(ENDPOINT, &text)?;
    let base = url.as_str().trim_end_matches('/');
    Ok(Some(format!("{base}/{TRACES_PATH}")))
}

/// Makes a request's span part of the trace in its `traceparent` header, if there is one.
pub fn continue_trace(span: &Span, headers: &HeaderMap) {
    struct Headers<'a>(&'a HeaderMap);

    impl Extractor for Headers<'_> {
        /// Only `traceparent`: a client's `tracestate` may hold anything and would be passed on.
        fn get(&self, key: &str) -> Option<&str> {
            let wanted = key.eq_ignore_ascii_case("traceparent");
            wanted.then(|| self.0.get(key)?.to_str().ok()).flatten()
        }

        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(|name| name.as_str()).collect()
        }
    }

    if !headers.contains_key("traceparent") {
        return;
    }
    let parent = TraceContextPropagator::new().extract(&Headers(headers));
    if parent.span().span_context().is_valid() {
        // Fails only when no traces are collected.
        let _ = span.set_parent(parent);
    }
}

/// Records the status of a response in its span.
pub fn answered(span: &Span, status: u16) {
    span.set_attribute(STATUS, i64::from(status));
}

/// Exports on the program's runtime, which the client needs: batches come from a thread without one.
#[derive(Debug)]
struct Exporter {
    exporter: Arc<opentelemetry_otlp::SpanExporter>,
    runtime: Handle,
    /// True after a batch failed. An unreachable collector deserves one line, not one per batch.
    failing: AtomicBool,
}

impl SpanExporter for Exporter {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        batch.iter_mut().for_each(name_conventionally);
        let exporter = Arc::clone(&self.exporter);
        let sent = self
            .runtime
            .spawn(async move { exporter.export(batch).await });
        let sent = sent.await.unwrap_or_else(|_| {
            let reason = "the program is ending".to_owned();
            Err(OTelSdkError::InternalFailure(reason))
        });
        let failed_before = self.failing.swap(sent.is_err(), Ordering::Relaxed);
        match &sent {
            Err(error) if !failed_before => {
                tracing::warn!("the collector of traces cannot be reached: {error}");
            }
            Ok(()) if failed_before => tracing::info!("the collector of traces responds again"),
            _ => {}
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        let exporter = Arc::get_mut(&mut self.exporter);
        // Called before the first batch.
        exporter
            .expect("no export has begun")
            .set_resource(resource);
    }
}

/// Gives the spans of requests their conventional names and fields.
fn name_conventionally(span: &mut SpanData) {
    const NAMES: [(&str, &str); 2] = [("method", "http.request.method"), ("route", "http.route")];
    if span.name != "request" {
        return;
    }
    span.span_kind = SpanKind::Server;
    for attribute in &mut span.attributes {
        let known = NAMES
            .iter()
            .find(|(ours, _)| attribute.key.as_str() == *ours);
        if let Some((_, theirs)) = known {
            attribute.key = Key::from_static_str(theirs);
        }
    }
    let value = |key: &str| {
        let mut attributes = span.attributes.iter();
        let attribute = attributes.find(|attribute| attribute.key.as_str() == key);
        attribute.map(|attribute| attribute.value.clone())
    };
    if let (Some(method), Some(route)) = (value(NAMES[0].1), value(NAMES[1].1)) {
        span.name = format!("{method} {route}").into();
    }
    if let Some(Value::I64(500..)) = value(STATUS) {
        span.status = Status::error("");
    }
}
