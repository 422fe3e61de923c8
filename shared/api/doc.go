// Package api is the edge of the HTTP API: the route table, the middleware that every request passes, decoding and answers,
// errors as HTTP, and the adapter between API Gateway's events and net/http. It knows no use case and stores nothing.
package api
