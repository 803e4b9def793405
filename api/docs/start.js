// Shows the description that this server serves. Nothing is fetched from elsewhere.
window.addEventListener("DOMContentLoaded", function () {
  SwaggerUIBundle({
    url: "openapi.yaml",
    dom_id: "#api",
    deepLinking: true,
    validatorUrl: null,
    persistAuthorization: false,
    docExpansion: "none",
    defaultModelsExpandDepth: 0,
    presets: [SwaggerUIBundle.presets.apis],
  });
});
