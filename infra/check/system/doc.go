// Package system has only tests. They run the whole product in one process against the real engine
// and inbox, and check what no single function can be responsible for: what a call costs, what
// happens if any call of AWS fails, what effect repeated and concurrent requests have, and that
// answers do not show who is registered.
package system
