package faulttest

import (
	"fmt"
	"os"
	"testing"

	"identitypools/infra/check/systemtest"
)

// NoFault returns a fault that no call meets. It records the calls.
func NoFault() *systemtest.Fault { return &systemtest.Fault{Kind: systemtest.Unfaulted} }

// IsHarmless reports whether the work that met a fault must succeed in spite of it: because no call
// met it, or because the SDK handles it.
func IsHarmless(fault *systemtest.Fault) bool {
	calls := fault.Calls()
	return fault.Kind == systemtest.Unfaulted ||
		fault.Call < len(calls) && fault.IsHarmless(calls[fault.Call])
}

// Run runs work without a fault, which must make at least one call to AWS. Run then repeats the
// work, in one subtest for each fault that those calls may meet. Different salts select different
// faults.
func Run(t *testing.T, salt int, work func(t *testing.T, fault *systemtest.Fault)) {
	clean := NoFault()
	work(t, clean)
	if len(clean.Calls()) == 0 {
		t.Error("the work makes no call to AWS")
	}
	for _, fault := range faultsOf(clean.Calls(), salt) {
		t.Run(nameOf(fault, clean.Calls()), func(t *testing.T) { work(t, fault) })
	}
}

// faultsOf returns the faults that calls may meet.
//
// If LONG is set, these are all faults that make a difference (see faultsOfCall). Otherwise there is
// one fault for each call, which differs from case to case; every second call that writes loses its
// answer.
func faultsOf(calls []string, salt int) []*systemtest.Fault {
	var faults []*systemtest.Fault
	for n, operation := range calls {
		writes := systemtest.Writes(operation) || operation == "SendEmail" ||
			operation == "DeleteSuppressedDestination"
		all := faultsOfCall(n, operation, writes)
		switch {
		case os.Getenv("LONG") != "":
			faults = append(faults, all...)
		case writes && (salt+n)%2 == 0:
			faults = append(faults, &systemtest.Fault{
				Kind: systemtest.Lost, Reach: systemtest.OnceBelow, Call: n,
			})
		default:
			faults = append(faults, all[(7*salt+5*n)%len(all)])
		}
	}
	return faults
}

// faultsOfCall returns all faults of the n-th call that make a difference. A read that fails never
// has an effect, so two kinds of faults suffice for it. A fault that the SDK retries makes a
// difference only if the call took effect. A lasting fault makes a difference only for our own
// retries.
func faultsOfCall(n int, operation string, writes bool) (all []*systemtest.Fault) {
	reaches := map[systemtest.Reach][]systemtest.FaultKind{
		systemtest.OnceAbove: {systemtest.Throttled, systemtest.TimedOut},
	}
	if writes {
		reaches = map[systemtest.Reach][]systemtest.FaultKind{
			systemtest.OnceAbove: systemtest.FaultKinds(),
			systemtest.OnceBelow: {systemtest.Lost, systemtest.Repeated},
			systemtest.Lasting:   {systemtest.Lost, systemtest.Conflicted},
		}
	}
	for _, reach := range systemtest.Reaches() {
		for _, kind := range reaches[reach] {
			fault := &systemtest.Fault{Kind: kind, Reach: reach, Call: n}
			if fault.AppliesTo(operation) {
				all = append(all, fault)
			}
		}
	}
	return all
}

// nameOf returns the name of the subtest of a fault.
func nameOf(fault *systemtest.Fault, calls []string) string {
	return fmt.Sprintf("call %d, %s, %s %s", fault.Call, calls[fault.Call], fault.Kind, fault.Reach)
}
