package database_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"identitypools/infra/local/database"
	"identitypools/infra/local/part"
	"identitypools/shared/table"
)

// store is an engine with one table.
type store struct {
	engine  *part.Part
	db      *dynamodb.Client
	streams *dynamodbstreams.Client
}

const tableName = "things"

// open starts an engine that keeps its data in a file, and creates the table.
func open(t *testing.T, file string) store {
	t.Helper()
	engine, err := part.Engine(t.Context(), io.Discard, file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Stop)
	if engine.PID() == 0 {
		t.Skip("AWS_ENDPOINT_URL_DYNAMODB names an engine that has no file of ours")
	}
	config := aws.Config{
		Region: "local", BaseEndpoint: aws.String(engine.URL()), RetryMaxAttempts: 12,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
		}),
	}
	s := store{engine, dynamodb.NewFromConfig(config), dynamodbstreams.NewFromConfig(config)}
	if _, err := s.db.CreateTable(t.Context(), table.Definition(tableName)); err != nil {
		t.Fatal(err)
	}
	return s
}

// change makes a number of changes, of items with numbers from first.
func (s store) change(t *testing.T, first, changes int) {
	t.Helper()
	for done := 0; done < changes; {
		var writes []types.TransactWriteItem
		for ; done < changes && len(writes) < 25; done++ {
			writes = append(writes, types.TransactWriteItem{Put: &types.Put{
				TableName: aws.String(tableName),
				Item: map[string]types.AttributeValue{
					"pk":  &types.AttributeValueMemberS{Value: strconv.Itoa(first + done)},
					"sk":  &types.AttributeValueMemberS{Value: "THING"},
					"doc": &types.AttributeValueMemberS{Value: string(bytes.Repeat([]byte("x"), 800))},
				},
			}})
		}
		if _, err := s.db.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{
			TransactItems: writes,
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// records returns the records of the stream that the engine has.
func (s store) records(t *testing.T) (records []streamtypes.Record) {
	t.Helper()
	described, err := s.db.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{
		TableName: aws.String(tableName),
	})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := s.streams.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{
		StreamArn: described.Table.LatestStreamArn,
	})
	if err != nil {
		t.Fatal(err)
	}
	at, err := s.streams.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{
		StreamArn: described.Table.LatestStreamArn, ShardId: stream.StreamDescription.Shards[0].ShardId,
		ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		t.Fatal(err)
	}
	for iterator := at.ShardIterator; ; {
		out, err := s.streams.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{
			ShardIterator: iterator,
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Records) == 0 {
			return records
		}
		records, iterator = append(records, out.Records...), out.NextShardIterator
	}
}

// sequence returns the sequence numbers of records as "first to last", or a sentence if a number is
// missing between the two.
func sequence(records []streamtypes.Record) string {
	if len(records) == 0 {
		return "none"
	}
	number := func(i int) int {
		n, _ := strconv.Atoi(aws.ToString(records[i].Dynamodb.SequenceNumber))
		return n
	}
	for i := range records {
		if number(i) != number(0)+i {
			return fmt.Sprintf("%d does not follow %d", number(i), number(i-1))
		}
	}
	return fmt.Sprintf("%d to %d", number(0), number(len(records)-1))
}

func TestTheEngineDefinesTheSameRecords(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	its, ours := filepath.Join(folder, "its"), filepath.Join(folder, "ours")
	if err := os.WriteFile(its, nil, 0o600); err != nil { // SQLite takes it for a new file
		t.Fatal(err)
	}
	open(t, its).engine.Stop() // which writes all to the file
	if err := database.Create(ours, database.AsInAWS()); err != nil {
		t.Fatal(err)
	}
	definition := regexp.MustCompile(`(?s)CREATE TABLE _stream_records \(.*?\n *\)`)
	text := func(file string) string {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(definition.Find(content))
	}
	if got, want := text(ours), text(its); got != want || want == "" {
		t.Errorf("we define\n%s\nand the engine\n%s", got, want)
	}
}

// The test counts what the engine reads from its file. The records have 3 MB, of which SQLite keeps
// 2 MB in memory.
func TestWritesReadNoRecords(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells what a process has read")
	}
	s := open(t, filepath.Join(t.TempDir(), "engine.sqlite"))
	s.change(t, 0, 3_000)
	before := bytesRead(t, s.engine.PID())
	const changes = 100
	for i := range changes {
		s.change(t, 3_000+i, 1)
	}
	if each := (bytesRead(t, s.engine.PID()) - before) / changes; each > 200_000 {
		t.Errorf("after 3,000 changes each one reads %d bytes", each)
	}
}

// bytesRead returns the number of bytes that a process has read (proc_pid_io(5)).
func bytesRead(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`rchar: (\d+)`).FindSubmatch(text)
	if found == nil {
		t.Fatalf("no rchar in %s", text)
	}
	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOldRecordsAreDeleted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		keep database.Retention
		want string // after 1,000 changes
	}{
		{"old and many", database.Retention{Records: 100}, "900 to 1000"},
		{"many, but not old", database.Retention{Records: 100, Age: time.Hour}, "1 to 1000"},
		{"old, but not many", database.Retention{Records: 2_000}, "1 to 1000"},
		{"as make run", database.AsInAWS(), "1 to 1000"},
		{"all but the newest", database.Retention{}, "1000 to 1000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "engine.sqlite")
			if err := database.Create(file, test.keep); err != nil {
				t.Fatal(err)
			}
			s := open(t, file)
			s.change(t, 0, 500)
			kill(t, s.engine.PID())
			s.change(t, 500, 500)
			if got := sequence(s.records(t)); got != test.want {
				t.Errorf("there are the records %s, want %s", got, test.want)
			}
		})
	}
}

func kill(t *testing.T, pid int) {
	t.Helper()
	process, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
}

func TestAFileThatExistsIsKept(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "engine.sqlite")
	if err := os.WriteFile(file, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := database.Create(file, database.AsInAWS()); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "data" {
		t.Errorf("it is %q, %v", got, err)
	}
}

func TestAFolderThatIsMissing(t *testing.T) {
	t.Parallel()
	err := database.Create(filepath.Join(t.TempDir(), "missing", "engine.sqlite"), database.AsInAWS())
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
