package passwords_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"identitypools/infra/check/systemtest"
)

// An imported hash is of what somebody typed, which NFKC may change. They sign in by typing the same,
// again and again, and in every Unicode form once the hash is the product's own.
func TestAnImportedHashIsOfWhatWasTyped(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool := tenant.NewPool(t, nil)
	path := "/pools/" + pool + verifyPath
	for typed, composed := range map[string]string{
		"½ cup of ﬁne sugar":         "1⁄2 cup of fine sugar",
		"correct\u00a0horse battery": "correct horse battery",
		"Zoe\u0308 drinkt koffie":    "Zo\u00eb drinkt koffie",
		"E=mc² and so on":            "E=mc2 and so on",
		"5 µm of thin film":          "5 μm of thin film",
	} {
		email := systemtest.Address("ann")
		id := tenant.NewUser(t, pool, "active", email,
			fields{"credentials": []fields{{"type": "password", "password": systemtest.Password}}})
		salt := []byte("saltSALT")
		digest := sha256.Sum256(append([]byte(typed), salt...))
		importHash(t, product, id, "{SSHA256}"+base64.StdEncoding.EncodeToString(append(digest[:], salt...)))
		proof := func(password string) fields { return fields{"identifier": email, "password": password} }
		tenant.System.Must(t, 401, "POST", path, proof(composed))
		for _, password := range []string{typed, typed, composed, typed} {
			if got := tenant.System.Call(t, "POST", path, proof(password)); got.Status != 200 {
				t.Errorf("%q: %q answers %d", typed, password, got.Status)
			}
		}
	}
}

// Right passwords that are given at once are all right while an imported hash is renewed.
func TestAnImportedHashIsRenewedOnce(t *testing.T) {
	t.Parallel()
	product := systemtest.New(t)
	tenant := product.NewTenant(t)
	pool, email := tenant.NewPool(t, nil), systemtest.Address("ann")
	id := tenant.NewUser(t, pool, "active", email,
		fields{"credentials": []fields{{"type": "password", "password": systemtest.Password}}})
	importHash(t, product, id, "{SSHA256}drM+3cqVtSdA/BAoLMZPDQAK6mEuzMpdgQQ5kgkdpTFzYWx0U0FMVA==")
	proof := fields{"identifier": email, "password": "correct horse"}
	const many = 20
	statuses, _ := callAtOnce(many, func(int) systemtest.Response {
		return tenant.System.Call(t, "POST", "/pools/"+pool+verifyPath, proof)
	})
	if statuses[200] != many {
		t.Errorf("the answers are %v", statuses)
	}
}

// importHash stores a hash of another system for a user, as an import does.
func importHash(t *testing.T, p *systemtest.Product, user, hash string) {
	t.Helper()
	for _, it := range p.Items(t) {
		if it["sk"] != user || !strings.HasPrefix(it["hash_phc"], "$argon2id$") {
			continue
		}
		text := func(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }
		_, err := p.DB.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: aws.String(p.TableName), UpdateExpression: aws.String("SET hash_phc = :hash"),
			Key:                       map[string]types.AttributeValue{"pk": text(it["pk"]), "sk": text(it["sk"])},
			ExpressionAttributeValues: map[string]types.AttributeValue{":hash": text(hash)},
		})
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("user %s has no hash", user)
}
