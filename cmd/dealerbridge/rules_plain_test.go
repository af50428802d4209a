package main_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dealerbridge/dealerbridge/cmd/dealerbridge/config"
)

// The smallest dealer: every optional column may be NULL, and nothing falls back
// to anything. It shows what the demo's mapping has an answer for.
const (
	plainTables = `
create table CUST (NO integer primary key, NAME text);
create table HIRE (NO integer primary key, CUSTNO integer, RES integer, PO text, PAY text, PICKER text, TEL text, REP text, SIGNED text,
  DIVN text, KIND text, FREQ text, BILL integer, FROMDAY date, TODAY date, THRU date, CUR text);
create table LINE (HIRE integer, SEQ integer, UNIT text, WHAT text, MODEL text, AMOUNT text, STATUS text, ODO text, PARENT text, CALLNO text,
  STARTED datetime, CALLED datetime, BACK date, KIND text, CLASS text, NAME text, STORY text, PRICE text, DAYRT text, WEEKRT text, MONRT text);
create table SITE (CUSTNO integer, JOB text, TITLE text);
create table YARD (CODE text, NAME text);
create table GRP (CODE text, TITLE text);
create table BILL (NO integer primary key, CUSTNO integer, HIRE integer, DAY date, AMOUNT text);
insert into CUST values (412, 'Tallgrass Grading'), (1, 'Nothing Yet');
`
	plainMapping = `
timezone: America/Denver
currency: USD
customerNumber: {from: cus.NO, pad: 6}
joins:
  cus: {table: CUST, match: {NO: r.CUSTNO}, required: true}
contract:
  from: HIRE r
  key: r.NO
  join: [cus]
  order: r.NO
  lines: {table: LINE, match: {HIRE: r.NO}}
  fields:
    contractId: r.NO
    isReservation: r.RES
    poNumber: r.PO
    paymentType: r.PAY
    pickupPerson: r.PICKER
    pickupPhone: r.TEL
    salesRep: r.REP
    properties.signedBy: r.SIGNED
    properties.total: {sum: lines.AMOUNT}
    jobsiteId: {value: MAIN}
    divisionId: r.DIVN
    locationId: {value: EAST}
    customerId: $customerNumber
    contractType: r.KIND
    contractStartDate: r.FROMDAY
    contractEndDate: r.TODAY
    invoicedThruDate: r.THRU
    invoiceFrequency: r.FREQ
    billControl: r.BILL
    currency: r.CUR
  assetDetails:
    from: LINE d
    parent: {HIRE: r.NO}
    order: d.SEQ
    fields:
      rentedAssetId: {text: '{d.HIRE}-{d.SEQ}'}
      equipmentAssetId: [d.UNIT, {value: BULK}]
      shortDescription: d.WHAT
      model: d.MODEL
      manufacturer: {value: N/A}
      serialNumber: {value: N/A}
      quantity: {value: 1}
      rentalTotal: d.AMOUNT
      status: d.STATUS
      startingOdometer: d.ODO
      attachedTo: d.PARENT
      callOffConfirmationNumber: d.CALLNO
      assetStartDate: d.STARTED
      assetCallOffDate: d.CALLED
      assetReturnedDate: d.BACK
      itemType: d.KIND
      assetId: d.CLASS
      assetName: d.NAME
      longDescription: d.STORY
      assetPurchasePrice: d.PRICE
      rentalRate.daily.amount: d.DAYRT
      rentalRate.weekly.amount: d.WEEKRT
      rentalRate.monthly.amount: d.MONRT
  feeDetails: none
  taxDetails: none
jobsite:
  from: SITE r
  key: [r.CUSTNO, r.JOB]
  join: [cus]
  fields: {jobsiteId: r.JOB, name: r.TITLE, customerId: $customerNumber}
dealer-category:
  from: GRP g
  key: g.CODE
  fields: {categoryId: g.CODE, title: g.TITLE}
  categoryGroups: none
invoice:
  from: BILL r
  key: r.NO
  join: [cus]
  fields:
    invoiceId: r.NO
    total: r.AMOUNT
    invoiceDate: r.DAY
    billedDateStart: r.DAY
    billedDateEnd: r.DAY
    jobsiteId: {value: MAIN}
    contractId: r.HIRE
  assetDetails: none
  feeDetails: none
  taxDetails: none
customer:
  from: CUST cus
  key: cus.NO
  fields: {customerId: $customerNumber, customerName: cus.NAME}
location:
  from: YARD y
  key: y.CODE
  fields: {locationId: y.CODE, properties.name: y.NAME}
changes: none
`
)

// plain serves the smallest dealer with some rows.
func plain(t *testing.T, rows string) *book {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "plain.db")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), plainTables+rows); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	mapping := filepath.Join(dir, "mapping")
	if err := os.MkdirAll(mapping, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(mapping, "rms.yaml"), []byte(plainMapping), 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, config.Dealer{
		Code: "P200", Mapping: mapping,
		Database: config.Database{Driver: config.SQLite, Path: path, MaxConnections: 2, StatementTimeout: 5 * time.Second},
	})
}

// plainContract asks for the only contract of a dealer with these rows.
func plainContract(t *testing.T, rows string) (b *book, contract, asset object) {
	t.Helper()
	b = plain(t, rows)
	found := b.all("contract?customer=000412")
	if len(found) != 1 || len(list(found[0]["assetDetails"])) != 1 {
		t.Fatalf("got %v", found)
	}
	return b, found[0], list(found[0]["assetDetails"])[0]
}

// bare is a contract of which only the necessary is known.
const bare = `
insert into HIRE (NO, CUSTNO, FROMDAY, TODAY) values (7, 412, '2026-05-04', '2026-06-04');
insert into LINE (HIRE, SEQ, WHAT, AMOUNT) values (7, 1, 'Trench plate', '5');`

// full is a contract of which everything is known.
const full = `
insert into HIRE values (7, 412, 1, 'PO 1', 'Check', 'Ida', '555-0100', 'Jo', 'Mel', 'Pumps', 'Lease', 'Quarter', 90, '2026-05-04', '2026-06-04',
  '2026-05-31', 'EUR');
insert into LINE values (7, 1, 'U-1', 'Pump', 'DP-3', '5', 'RENT', '12.5 h', '7-2', 'C-9', '2026-05-04 10:00:00', '2026-05-20 08:30:00',
  '2026-05-21', 'prime', 'PUMP', 'Pump 3 in', 'A pump', '990.50', '1', '4', '11');`
