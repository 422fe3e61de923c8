package stack

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/jsii-runtime-go"

	"identitypools/shared/table"
)

// tableRef has the properties of the table that the rest of the stack uses.
type tableRef struct{ name, arn, stream *string }

// index returns the ARN of the table's index.
func (t tableRef) index() *string {
	return awscdk.Fn_Join(jsii.String("/"),
		&[]*string{t.arn, jsii.String("index"), table.Definition("").GlobalSecondaryIndexes[0].IndexName})
}

// makeTable creates the table that shared/table defines. The table is kept when the stack is
// deleted. If the configuration names a restored table, the stack uses that one and no longer
// contains its own.
func (d *deployment) makeTable() tableRef {
	if stream := d.config.RestoredStream; stream != "" {
		arn, _, _ := strings.Cut(stream, "/stream/")
		return tableRef{
			name: jsii.String(arn[strings.LastIndex(arn, "/")+1:]), arn: jsii.String(arn),
			stream: jsii.String(stream),
		}
	}
	definition := table.Definition("")
	ceiling := &awsdynamodb.CfnTable_OnDemandThroughputProperty{
		MaxReadRequestUnits:  jsii.Number(d.config.MaxReadUnits),
		MaxWriteRequestUnits: jsii.Number(d.config.MaxWriteUnits),
	}
	var attributes, indexes []any
	for _, a := range definition.AttributeDefinitions {
		attributes = append(attributes,
			&awsdynamodb.CfnTable_AttributeDefinitionProperty{
				AttributeName: a.AttributeName,
				AttributeType: jsii.String(string(a.AttributeType)),
			})
	}
	for _, i := range definition.GlobalSecondaryIndexes {
		indexes = append(indexes, &awsdynamodb.CfnTable_GlobalSecondaryIndexProperty{
			IndexName: i.IndexName, KeySchema: keySchema(i.KeySchema), OnDemandThroughput: ceiling,
			Projection: &awsdynamodb.CfnTable_ProjectionProperty{ProjectionType: jsii.String(string(i.Projection.ProjectionType))},
		})
	}
	expiry := table.TimeToLive("").TimeToLiveSpecification
	t := awsdynamodb.NewCfnTable(d.stack, jsii.String("Table"), &awsdynamodb.CfnTableProps{
		AttributeDefinitions: attributes, KeySchema: keySchema(definition.KeySchema),
		GlobalSecondaryIndexes: indexes,
		BillingMode:            jsii.String(string(definition.BillingMode)), OnDemandThroughput: ceiling,
		StreamSpecification:     &awsdynamodb.CfnTable_StreamSpecificationProperty{StreamViewType: jsii.String(string(definition.StreamSpecification.StreamViewType))},
		TimeToLiveSpecification: &awsdynamodb.CfnTable_TimeToLiveSpecificationProperty{AttributeName: expiry.AttributeName, Enabled: aws.ToBool(expiry.Enabled)},
		PointInTimeRecoverySpecification: &awsdynamodb.CfnTable_PointInTimeRecoverySpecificationProperty{
			PointInTimeRecoveryEnabled: true,
		},
		DeletionProtectionEnabled: d.config.DeletionProtected,
	})
	t.ApplyRemovalPolicy(awscdk.RemovalPolicy_RETAIN, nil)
	return tableRef{name: t.Ref(), arn: t.AttrArn(), stream: t.AttrStreamArn()}
}

func keySchema(keys []types.KeySchemaElement) []any {
	var schema []any
	for _, k := range keys {
		schema = append(schema,
			&awsdynamodb.CfnTable_KeySchemaProperty{
				AttributeName: k.AttributeName,
				KeyType:       jsii.String(string(k.KeyType)),
			})
	}
	return schema
}
