import SpinDomain

extension Route {
    /// Every route of the service; HEAD is answered wherever GET is, OPTIONS everywhere.
    package static let all: [Route] = [
        Route(
            "POST", "/v1/jobs", body: .document, pace: .slow, query: ["validate_only"],
            Service.submitJob),
        Route(
            "GET", "/v1/jobs", query: ["status", "limit", "after"], isOfStore: true,
            Service.listJobs),
        Route("GET", "/v1/jobs/{job}", isOfStore: true, Service.showJob),
        Route("PATCH", "/v1/jobs/{job}", body: .document, Service.changeJob),
        Route("DELETE", "/v1/jobs/{job}", Service.deleteJob),
        Route("POST", "/v1/jobs/{job}/step", body: .document, Service.stepJob),
        Route("POST", "/v1/jobs/{job}/pause", Service.pauseJob),
        Route("POST", "/v1/jobs/{job}/resume", Service.resumeJob),
        Route("POST", "/v1/jobs/{job}/cancel", Service.cancelJob),
        Route("POST", "/v1/jobs/{job}/retry", Service.retryJob),
        Route(
            "POST", "/v1/jobs/{job}/clone", body: .document, pace: .slow, Service.cloneJob),
        Route("GET", "/v1/queue", query: ["limit", "after"], isOfStore: true, Service.listQueue),
        Route("GET", "/v1/jobs/{job}/iterations", isOfStore: true, Service.listIterations),
        Route("GET", "/v1/jobs/{job}/iterations/{n}", isOfStore: true, Service.showIteration),
        Route(
            "GET", "/v1/jobs/{job}/metrics", query: MetricsQuery.names, isOfStore: true,
            Service.listMetrics),
        Route("GET", "/v1/jobs/{job}/metrics/names", isOfStore: true, Service.listMetricNames),
        Route(
            "GET", "/v1/metrics", query: ["jobs"] + MetricsQuery.shared, isOfStore: true,
            Service.compareMetrics),
        Route("GET", "/v1/metrics/definitions", isOfStore: true, Service.listMetricDefinitions),
        Route("GET", "/v1/events", query: ["after", "limit"], Service.listAllEvents),
        Route("GET", "/v1/jobs/{job}/validations", isOfStore: true, Service.listValidations),
        Route("GET", "/v1/jobs/{job}/events", query: ["after", "limit"], Service.listEvents),
        Route(
            "GET", "/v1/jobs/{job}/samples", query: ["iteration", "limit", "after"],
            isOfStore: true, Service.listSamples),
        Route("GET", "/v1/jobs/{job}/checkpoints", isOfStore: true, Service.listCheckpoints),
        Route("POST", "/v1/jobs/{job}/checkpoints", Service.saveCheckpoint),
        Route("GET", "/v1/checkpoints/{checkpoint}", isOfStore: true, Service.showCheckpoint),
        Route(
            "PATCH", "/v1/checkpoints/{checkpoint}", body: .document, Service.changeCheckpoint),
        Route("DELETE", "/v1/checkpoints/{checkpoint}", Service.deleteCheckpoint),
        Route("GET", "/v1/checkpoints/{checkpoint}/files/{file}", Service.downloadFile),
        Route(
            "POST", "/v1/datasets", body: .rows, pace: .slow, query: ["name", "allow_bad_lines"],
            Service.uploadDataset),
        Route("GET", "/v1/datasets", Service.listDatasets),
        Route("GET", "/v1/datasets/{dataset}", Service.showDataset),
        Route("DELETE", "/v1/datasets/{dataset}", Service.deleteDataset),
        Route("POST", "/v1/models", body: .document, pace: .slow, Service.registerModel),
        Route("GET", "/v1/models", Service.listModels),
        Route("GET", "/v1/models/{model}", Service.showModel),
        Route("DELETE", "/v1/models/{model}", Service.deleteModel),
        Route("POST", "/v1/keys", body: .document, for: .only(.admin), Service.addKey),
        Route("GET", "/v1/keys", for: .only(.admin), Service.listKeys),
        Route("GET", "/v1/keys/{key}", for: .only(.admin), Service.showKey),
        Route("DELETE", "/v1/keys/{key}", for: .only(.admin), Service.revokeKey),
        Route("POST", "/v1/backup", pace: .slow, for: .only(.admin), Service.makeBackup),
        Route("POST", "/v1/webhooks", body: .document, for: .only(.admin), Service.addWebhook),
        Route("GET", "/v1/webhooks", for: .only(.admin), Service.listWebhooks),
        Route("GET", "/v1/webhooks/{webhook}", for: .only(.admin), Service.showWebhook),
        Route("DELETE", "/v1/webhooks/{webhook}", for: .only(.admin), Service.deleteWebhook),
        Route("POST", "/v1/completions", body: .document, Service.completeText),
        Route("POST", "/v1/chat/completions", body: .document, Service.completeChat),
        Route("GET", "/v1", Service.showIndex),
        Route("GET", "/", for: .everybody, Service.showPage),
        Route("GET", "/healthz", for: .everybody, Service.showHealth),
        Route("GET", "/readyz", for: .everybody, Service.showReadiness),
        Route("GET", "/metrics", Service.showPrometheus),
        Route("GET", "/openapi.yaml", for: .everybody, Service.showContract),
        Route("GET", "/openapi.json", for: .everybody, Service.showContractAsJSON),
        Route("GET", "/assets/{version}/{file}", for: .everybody, Service.showAsset),
    ]
}
