"""An example service: applications, negotiation, agreements and payments over HTTP, on SQLite or PostgreSQL."""
