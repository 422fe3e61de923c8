package system_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/infra/check/parttest"
	"identitypools/infra/check/story"
	"identitypools/infra/check/systemtest"
	"identitypools/infra/local/system"
)

// scene is a product of its own with one pool in it, for one piece of work that meets a fault. Nobody reads its stream but the test.
type scene struct {
	*systemtest.Product
	t      *testing.T
	tenant *systemtest.Tenant
	pool   string // its path
	email  string

	user, schema, ticket, code, link, tag, cookie string          // what a test has made beforehand
	proved                                        map[string]bool // the users who may be active
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, Product: systemtest.New(t, alone, systemtest.WithMiddleware(systemtest.InjectFaults)), email: systemtest.Address("ann"), proved: map[string]bool{}}
	s.tenant = s.NewTenant(t)
	s.pool = "/pools/" + s.tenant.NewPool(t, nil)
	return s
}

func (s *scene) admin(method, path string, body any, headers ...string) *http.Request {
	return s.tenant.Admin.Request(s.t, method, path, body, headers...)
}

func (s *scene) system(method, path string, body any) *http.Request {
	return s.tenant.System.Request(s.t, method, path, body)
}

func (s *scene) public(method, path string, body any) *http.Request {
	return s.tenant.Public.Request(s.t, method, path, body)
}

// ask has the function of an operation do a request, which may meet a fault.
func (s *scene) ask(f *systemtest.Fault, operation string, r *http.Request) systemtest.Response {
	s.t.Helper()
	return s.InvokeFunction(f.Context(s.t.Context()), s.t, story.Route(operation).Function, r)
}

// userPath is the path of the user that the test is about.
func (s *scene) userPath() string { return s.pool + "/users/" + s.user }

// Things that are there beforehand.

func (s *scene) newUser() {
	s.user = s.tenant.NewUser(s.t, s.poolID(), "new", s.email, nil)
}

func (s *scene) activeUser() {
	s.activeUserWith(fields{"type": "password", "password": systemtest.Password})
}

func (s *scene) activeUserWith(credential fields) {
	s.user = s.tenant.NewUser(s.t, s.poolID(), "active", s.email, fields{"credentials": []fields{credential}})
	s.proved[s.user] = true
}

// registered is somebody who has signed up, by a back end that sends no mail.
func (s *scene) registered() {
	s.user = s.tenant.System.Must(s.t, 201, "POST", s.pool+"/user/register?send_activation_message=false", registration(s.email)).Text(s.t, "id")
}

func registration(email string) fields {
	return fields{"identifier": email, "password": systemtest.Password, "payload": fields{"name": "Ann"}}
}

// ticketed is somebody who has signed up in a browser, and lost the mail.
func (s *scene) ticketed() {
	s.ticket = register(s.t, s.tenant, s.poolID(), s.email)
	s.user = s.tenant.System.Must(s.t, 200, "POST", s.pool+"/users/by_key", fields{"identifier": s.email}).Text(s.t, "id")
	s.empty()
}

// empty loses the mails that wait.
func (s *scene) empty() {
	for _, it := range s.Stored(s.t, "MESSAGE#") {
		if err := s.Table.Outbox.Delete(s.t.Context(), strings.TrimPrefix(it["pk"], "MESSAGE#")); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *scene) coded() {
	made := s.tenant.System.Must(s.t, 201, "POST", s.userPath()+"/code/generate", fields{"type": "activation"})
	s.code, s.link = made.Text(s.t, "code"), made.Text(s.t, "extended_code")
}

func (s *scene) newUserWithCode() {
	s.newUser()
	s.coded()
}

func (s *scene) registeredWithCode() {
	s.ticketed()
	s.coded()
}

func (s *scene) newSchema() {
	s.schema = s.tenant.Admin.Must(s.t, 201, "POST", "/schemas", fields{"id": "own", "name": "Own", "schema": fields{"type": "object"}}).Text(s.t, "id")
}

// What holds afterwards.

// sound checks the invariants of the table.
func (s *scene) sound(when string) {
	s.t.Helper()
	for _, broken := range s.BrokenInvariants(s.t, s.tenant.ID, s.proved) {
		s.t.Errorf("%s: %s", when, broken)
	}
}

// post has the courier do what waits in the outbox, without faults.
func (s *scene) post() {
	s.t.Helper()
	s.stream(&systemtest.Fault{Kind: systemtest.Unfaulted}, s.OutboxEvent(s.t))
	if left := s.Stored(s.t, "MESSAGE#"); len(left) > 0 {
		s.t.Errorf("still in the outbox: %v", left)
	}
}

// stream has the courier work through an event until nothing of it comes again. Only the first time meets the fault.
func (s *scene) stream(f *systemtest.Fault, event events.DynamoDBEvent) (tries int) {
	s.t.Helper()
	ctx := f.Context(system.As(s.t.Context(), "courier"))
	for tries = 1; tries <= 3; tries++ {
		failed := s.Courier.Stream(ctx, event).BatchItemFailures
		s.sound("after the courier")
		if len(failed) == 0 {
			return tries
		}
		ctx = system.As(s.t.Context(), "courier")
	}
	s.t.Errorf("the event never gets done")
	return tries
}

// arrived are the mails to the scene's address with one of the subjects, of which there is at least one; there are none with another.
func (s *scene) arrived(subjects ...string) []parttest.Mail {
	s.t.Helper()
	mails := s.Inbox.Mails(s.t, s.email)
	for _, m := range mails {
		if !slices.Contains(subjects, m.Subject) {
			s.t.Errorf("a mail has the subject %q, want %q", m.Subject, subjects)
		}
	}
	if len(mails) == 0 {
		s.t.Fatalf("no mail has arrived: %q", subjects)
	}
	return mails
}

// status is where the user stands; "" where there is none.
func (s *scene) status() string {
	got := s.tenant.Admin.Call(s.t, "GET", s.userPath(), nil)
	if got.Status == http.StatusNotFound {
		return ""
	}
	return got.Text(s.t, "status")
}

// mustBe checks where the user stands.
func (s *scene) mustBe(status string) {
	s.t.Helper()
	if got := s.status(); got != status {
		s.t.Errorf("the user is %q, want %q", got, status)
	}
}

// present presents a code with the back end's call, and says whether it is right. The user's answer to it is a password where none waits.
func (s *scene) present(code string) bool {
	s.t.Helper()
	s.proved[s.user] = true
	return s.tenant.System.Call(s.t, "POST", s.userPath()+"/activate", fields{"code": code}).Status == http.StatusCreated
}

// spent checks that no code works that has activated the user, whatever an administrator does then.
func (s *scene) spent(codes ...string) {
	s.t.Helper()
	s.mustBe("active")
	for _, it := range s.Stored(s.t, "USER#"+s.tenant.ID+"#") {
		if it["sk"] == "CODE#activation" && it["live"] != "[]" {
			s.t.Errorf("the active user has codes: %v", it)
		}
	}
	for _, status := range []string{"active", "new"} {
		s.tenant.Admin.Must(s.t, 200, "PUT", s.userPath(), fields{"status": status})
		for _, code := range codes {
			if s.present(code) {
				s.t.Errorf("a code works twice, the user being %s", status)
			}
		}
	}
}

// verifies checks that the user's password is right.
func (s *scene) verifies(password string) {
	s.t.Helper()
	s.tenant.System.Must(s.t, 200, "POST", s.pool+"/user/password/verify", fields{"identifier": s.email, "password": password})
}

// newest checks that of the mails with the subject the newest one's code works, once, and those before don't. SES may have sent one twice.
func (s *scene) newest(subject string) {
	s.t.Helper()
	var codes []string
	for _, m := range s.arrived(subject) {
		codes = append(codes, systemtest.CodeIn(s.t, m))
	}
	codes = slices.Compact(codes)
	for i, code := range codes {
		if works := s.present(code); works != (i == len(codes)-1) {
			s.t.Errorf("of %d codes number %d works: %t", len(codes), i+1, works)
		}
	}
	s.spent(codes...)
}

// withoutKeys takes the public keys away, and waits until their publisher looks.
func (s *scene) withoutKeys() {
	s.t.Helper()
	key := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "KEYS"}, "sk": &types.AttributeValueMemberS{Value: "KEYS"}}
	if _, err := s.DB.DeleteItem(s.t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String(s.TableName), Key: key}); err != nil {
		s.t.Fatal(err)
	}
	s.ExpireCaches()
}
