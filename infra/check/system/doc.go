// Package system has only tests. They run the whole product in one process against the real engine
// and inbox, and check what no single function can be responsible for: what a call costs, what
// happens while the engine is down, what repeats and concurrent requests come to, and that answers
// do not show who is registered. What happens if a single call to AWS fails is tested with each
// function, by package faulttest.
package system
