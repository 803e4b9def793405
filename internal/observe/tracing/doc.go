// Package tracing sends traces to an OpenTelemetry collector by OTLP over HTTP,
// when the environment names one: OTEL_EXPORTER_OTLP_ENDPOINT or
// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT. The other variables of the OpenTelemetry
// specification are heeded, too: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
// OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS, OTEL_SDK_DISABLED. Without an
// endpoint nothing is made and nothing is paid.
//
// A trace begins with the request that brings an alert and goes on through the
// outbox (internal/observe.Mark), the workflow, its activities and the calls of
// connectors. What strangers send as traceparent is linked, never taken for the
// parent: they would choose what we keep. Spans carry names and ids, no arguments,
// outputs, bodies or parameters of SQL.
package tracing
