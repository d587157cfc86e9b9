// Shows what the service says of itself. Nothing is sent to another host: no validator, no fonts.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  validatorUrl: null,
  deepLinking: true,
});
