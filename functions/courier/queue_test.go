package courier_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"identitypools/functions/courier"
	"identitypools/infra/check/parttest"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/deploy/plan"
	"identitypools/infra/local/system"
	"identitypools/shared/identity"
	"identitypools/shared/mailqueue"
	"identitypools/shared/once"
)

// An event without entries is none of the queue's: Lambda keeps it as a dead letter.
func TestAnEventOfAnEarlierReleaseIsNotLost(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	var event events.SQSEvent
	if err := json.Unmarshal(systemtest.BounceEvent(t, "ann@example.com"), &event); err != nil {
		t.Fatal(err)
	}
	if _, err := product.Courier.Handle(t.Context(), event); err == nil {
		t.Error("the courier takes a notice of SES")
	}
}

// The queue keeps no order. A message that comes after one that was asked for later is dropped, so that the
// code in the last mail stays valid, also if both come twenty times at once.
func TestAMessageThatComesLateKillsNoNewerCode(t *testing.T) {
	t.Parallel()
	for name, times := range map[string]int{"one after the other": 1, "at once": 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ses := systemtest.NewMailProxy(t)
			product := systemtest.New(t, withoutStream, ses.Option)
			tenant := product.NewTenant(t)
			pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
			ticket := tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/register?code_type_in_message=code",
				fields{"identifier": email, "password": systemtest.Password}).Text(t, "ticket")
			late := product.OutboxEvent(t)
			ses.SetFault(systemtest.Refuse(429, "TooManyRequestsException"))
			if failed := product.Stream(t.Context(), late); len(failed) != 1 {
				t.Fatalf("SES refuses the first mail, and %v come again", failed)
			}
			ses.ClearFault()
			product.Clock.Advance(2 * time.Minute)
			tenant.Public.Must(t, 202, "POST", "/pools/"+pool+"/activation/send?code_type_in_message=code",
				fields{"ticket": ticket})
			newer := product.OutboxEvent(t)
			newer.Records = slices.DeleteFunc(newer.Records, func(r events.DynamoDBEventRecord) bool {
				return messageIn(r) == messageIn(late.Records[0])
			})
			if times == 1 {
				product.Deliver(t, newer)
				product.Clock.Advance(2 * time.Minute)
			}
			atOnce(times, func() {
				product.Stream(t.Context(), newer)
				product.Stream(t.Context(), late)
			})
			if left := product.Stored(t, "MESSAGE#"); len(left) > 0 {
				t.Errorf("still in the outbox: %v", left)
			}
			for _, it := range product.Stored(t, "USER#"+tenant.ID+"#") {
				if strings.Contains(it["live"], messageIn(late.Records[0])) {
					t.Errorf("the late message has a code: %v", it)
				}
			}
			if times == 1 {
				tenant.Public.Must(t, 201, "POST", "/pools/"+pool+"/activate", fields{
					"ticket": ticket, "code": systemtest.CodeIn(t, mailsTo(t, product, email, 1)[0]),
				})
			}
		})
	}
}

// messageIn returns the id of the message that a record is about.
func messageIn(r events.DynamoDBEventRecord) string {
	return strings.TrimPrefix(r.Change.Keys["pk"].String(), "MESSAGE#")
}

// notices puts n notices into the outbox, each to an address of its own, and returns the addresses.
func notices(t *testing.T, product *systemtest.Product, n int) (addresses []string) {
	t.Helper()
	for range n {
		addresses = append(addresses, systemtest.Address("owner"))
	}
	noticesTo(t, product, addresses...)
	return addresses
}

// noticesTo puts a notice to each address into the outbox.
func noticesTo(t *testing.T, product *systemtest.Product, addresses ...string) {
	t.Helper()
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	user := tenant.NewUser(t, pool, "active", systemtest.Address("owner"), nil)
	about := identity.UserRef{Tenant: tenant.ID, Pool: pool, ID: user}
	for _, address := range addresses {
		notify(t, product, identity.MessagePasswordSet, about, address)
	}
}

// notify puts a notice of a kind about a user into the outbox.
func notify(tb testing.TB, product *systemtest.Product, kind identity.MessageKind, about identity.UserRef, address string) {
	tb.Helper()
	if err := product.Table.Outbox.Ask(tb.Context(), identity.Message{
		ID: "m-" + systemtest.Unique(), Kind: kind, Tenant: about.Tenant, Pool: about.Pool, User: about.ID,
		Address: address, Normalized: address, Language: "pl", CreatedAt: identity.At(product.Clock.Now()),
	}, once.Reply[once.None]{}); err != nil {
		tb.Fatal(err)
	}
}

// Of two bad messages SES refuses one and never answers the other. They hold up none of a thousand good
// ones, which are all sent before the first try of the second has ended, or while it is tried again.
func TestOneBadMessageDelaysNoOther(t *testing.T) {
	t.Parallel()
	ses := systemtest.NewMailProxy(t)
	product := systemtest.New(t, ses.Option)
	sent, refused, unanswered := make(chan struct{}), systemtest.Address("refused"), systemtest.Address("unanswered")
	var mails atomic.Int64
	ses.SetFault(func(w http.ResponseWriter, r *http.Request, inbox http.Handler) {
		switch body, _ := io.ReadAll(r.Body); {
		case bytes.Contains(body, []byte(refused)):
			systemtest.Refuse(400, "SendingPausedException")(w, r, inbox)
		case bytes.Contains(body, []byte(unanswered)):
			select {
			case <-sent:
			case <-r.Context().Done():
			}
		default: // Nobody gets it, because every look into the inbox reads all that is there.
			mails.Add(1)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"MessageId":"taken"}`)
		}
	})
	noticesTo(t, product, refused, unanswered)
	notices(t, product, 1000)
	for before := int64(0); before < 1000; {
		parttest.Until(t, "more mails", func() bool { return mails.Load() > before })
		before = mails.Load()
	}
	if left := len(product.Stored(t, "MESSAGE#")); left < 2 {
		t.Errorf("%d messages wait, and the two bad ones should", left)
	}
	close(sent)
}

// SES takes few mails a second and refuses the others for the moment. All of them arrive.
func TestMailsAboveTheRateOfSES(t *testing.T) {
	t.Parallel()
	ses := systemtest.NewMailProxy(t)
	product := systemtest.New(t, ses.Option)
	var mails atomic.Int64
	ses.SetFault(func(w http.ResponseWriter, r *http.Request, inbox http.Handler) {
		if mails.Add(1)%4 != 0 { // the SDK alone tries three times
			systemtest.Refuse(429, "TooManyRequestsException")(w, r, inbox)
			return
		}
		inbox.ServeHTTP(w, r)
	})
	people := notices(t, product, 30)
	for left := len(people); left > 0; {
		before := left
		parttest.Until(t, "fewer messages in the outbox", func() bool {
			left = len(product.Stored(t, "MESSAGE#"))
			return left < before
		})
	}
	for _, address := range people {
		mailsTo(t, product, address, 1)
	}
}

// receives records with which counts of receives the courier asks for a pause.
type receives struct {
	mu     sync.Mutex
	counts []int
}

func (r *receives) pause(received int) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts = append(r.counts, received)
	return 0
}

// A message that always fails lies in the dead-letter queue in the end. From there SQS's redrive brings
// it back, and it is sent.
func TestAPoisonMessage(t *testing.T) {
	t.Parallel()
	var (
		log   systemtest.Log
		tried receives
	)
	ses := systemtest.NewMailProxy(t)
	product := systemtest.New(t, ses.Option, log.Option, func(c *system.Config) {
		c.MailPause, c.MailReceives = tried.pause, 4
	})
	ses.SetFault(systemtest.Refuse(400, "SendingPausedException"))
	people := notices(t, product, 1)
	queue := sqs.New(sqs.Options{
		Region: "local", BaseEndpoint: aws.String(product.Environment["AWS_ENDPOINT_URL_SQS"]),
		Credentials: aws.AnonymousCredentials{},
	})
	var dead []types.Message
	parttest.Until(t, "a dead letter", func() bool {
		from := &sqs.ReceiveMessageInput{QueueUrl: aws.String(product.DeadMailsURL)}
		found, err := queue.ReceiveMessage(t.Context(), from)
		if err != nil {
			t.Fatal(err)
		}
		dead = found.Messages
		return len(dead) == 1
	})
	if !slices.Equal(tried.counts, []int{1, 2, 3, 4}) {
		t.Errorf("the courier got it with the counts %v", tried.counts)
	}
	parttest.Until(t, "the line of the last try", func() bool { // which follows its pause
		return strings.Contains(log.String(), `"received":4`)
	})
	if body := aws.ToString(dead[0].Body); strings.Contains(body, "@") {
		t.Errorf("the dead letter is %s", body)
	}
	mailsTo(t, product, people[0], 0)

	// The local engine has no StartMessageMoveTask, which does this for every letter.
	ses.ClearFault()
	if _, err := queue.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: aws.String(product.Environment["MAIL_QUEUE_URL"]), MessageBody: dead[0].Body,
	}); err != nil {
		t.Fatal(err)
	}
	product.AwaitEmptyOutbox(t)
	mailsTo(t, product, people[0], 1)
}

// An entry that names no message is no harm to the others, and is not deleted: it becomes a dead letter.
func TestAnEntryThatNamesNoMessage(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t, withoutStream)
	people := notices(t, product, 1)
	var batch events.SQSEvent
	for i, body := range []string{
		"", "{", `"text"`, "{}", `{"message":"USERS#t#p"}`, mailqueue.Body("MESSAGE#gone"),
		mailqueue.Body(product.Stored(t, "MESSAGE#")[0]["pk"]),
	} {
		batch.Records = append(batch.Records, events.SQSMessage{MessageId: strconv.Itoa(i), Body: body})
	}
	answer, err := product.Courier.Handle(system.As(t.Context(), "courier"), batch)
	if err != nil {
		t.Fatal(err)
	}
	var failed []string
	for _, f := range answer.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	if got := strings.Join(failed, " "); got != "0 1 2 3 4" {
		t.Errorf("these come again: %s", got)
	}
	mailsTo(t, product, people[0], 1)
}

// A message whose delivery panics fails alone.
func TestAMessageThatPanicsFailsAlone(t *testing.T) {
	t.Parallel()
	var fault systemtest.Interruption
	product := systemtest.New(t, withoutStream, systemtest.WithMiddleware(fault.Watch))
	people := notices(t, product, plan.MailBatch)
	doomed := product.Stored(t, "MESSAGE#")[3]["pk"]
	fault.Set(func(parameters any) error {
		get, ok := parameters.(*dynamodb.GetItemInput)
		if ok && get.Key["pk"].(*dynamotypes.AttributeValueMemberS).Value == doomed {
			panic("a fault of ours")
		}
		return nil
	})
	if failed := product.Stream(t.Context(), product.OutboxEvent(t)); !slices.Equal(failed, []string{doomed}) {
		t.Errorf("these come again: %v", failed)
	}
	fault.Set(func(any) error { return nil })
	product.DeliverAll(t)
	for _, address := range people {
		mailsTo(t, product, address, 1)
	}
}

// A message whose hour has begun by the keeper's clock, and not yet by the courier's, comes again.
func TestAMessageThatIsReleasedEarlyIsNotLost(t *testing.T) {
	t.Parallel()
	product, tenant := newProductAtEight(t)
	pool := tenant.NewPool(t, budget(2))
	people := strangers(t, product, tenant, pool, 2)
	now := product.Clock.Now()
	product.Clock.Advance(now.Truncate(time.Hour).Add(time.Hour - 4*time.Second).Sub(now)) // to nine
	due, err := product.Keeper.Later.Due(t.Context(), product.Clock.Now().Add(10*time.Second), 10)
	if err != nil || len(due) != 1 {
		t.Fatalf("due: %v, %v", due, err)
	}
	waiting := product.OutboxEvent(t)
	if failed := product.Stream(t.Context(), waiting); len(failed) != 1 {
		t.Errorf("the courier is done with a message of the next hour: %v", failed)
	}
	product.Clock.Advance(10 * time.Second)
	product.Deliver(t, waiting)
	mailsTo(t, product, people[1], 1)
}

// The mails of a batch are sent at the same time: each waits in SES for all others.
func TestMessagesOfABatchAreSentAtOnce(t *testing.T) {
	t.Parallel()
	ses := systemtest.NewMailProxy(t)
	product := systemtest.New(t, withoutStream, ses.Option)
	notices(t, product, plan.MailBatch)
	var there sync.WaitGroup
	there.Add(plan.MailBatch)
	ses.SetFault(func(w http.ResponseWriter, r *http.Request, inbox http.Handler) {
		there.Done()
		there.Wait()
		inbox.ServeHTTP(w, r)
	})
	product.DeliverAll(t)
}

// A process hands mails to SES at the rate that it is given, and not before.
func TestThePaceOfMails(t *testing.T) {
	t.Parallel()
	ses := systemtest.NewMailProxy(t)
	product := systemtest.New(t, withoutStream, ses.Option)
	paced, sent := 0, 0
	product.Courier.Mailer.Pace = func(context.Context) error {
		if paced++; paced > 3 {
			return errors.New("the invocation ends before that")
		}
		return nil
	}
	ses.SetFault(func(w http.ResponseWriter, r *http.Request, inbox http.Handler) {
		sent++
		inbox.ServeHTTP(w, r)
	})
	notices(t, product, 5)
	for _, it := range product.Stored(t, "MESSAGE#") {
		product.Stream(t.Context(), systemtest.StreamEvent(events.DynamoDBOperationTypeInsert, it))
	}
	if left := len(product.Stored(t, "MESSAGE#")); sent != 3 || left != 2 {
		t.Errorf("%d mails are sent and %d messages wait", sent, left)
	}
}

// MAIL_RATE is a number of mails a second. The mails of a process are spread evenly over a second.
func TestTheRateOfAProcess(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0", "-1", "x", "NaN", "7 "} {
		_, err := courier.NewPace(text)
		if err == nil || !strings.Contains(err.Error(), "MAIL_RATE must be a number above 0") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if pace, err := courier.NewPace(""); pace != nil || err != nil {
		t.Errorf("without a rate there is a limit: %v", err)
	}
	synctest.Test(t, func(t *testing.T) { // whose clock moves when all wait
		pace, err := courier.NewPace("2.5")
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for range 6 {
			if err := pace(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("six mails took %s", took)
		}
	})
}
