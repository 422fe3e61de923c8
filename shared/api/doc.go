// Package api is the edge of the HTTP API. It has:
//
//   - the rows of the route table ([Route]) and their constructors, such as [ForAdmin];
//   - the actions that serve routes: [Read], [List], [Change] and [Raw];
//   - the checks that every request passes, in the handler that [New] returns;
//   - the decoding of queries and bodies, and the encoding of answers and errors;
//   - the adapter between the events of API Gateway and net/http: [Adapt].
//
// A function of the product describes its routes with a [Function] and hands it to [New]. The
// package knows no use case and stores nothing.
package api
