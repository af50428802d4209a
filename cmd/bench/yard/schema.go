// Package yard owns the rental database the bench runs on: its tables, the rows
// in them and the mapping folder of its dealer.
//
// It must not know who reads the tables or what is measured on them.
package yard

import _ "embed" // the mapping

// Mapping is the rms.yaml of the yard's dealer.
//
//go:embed rms.yaml
var Mapping []byte

// Zone is the time zone of every date in the tables.
const Zone = "America/Chicago"

// table is one table with the columns its rows are generated for, in order.
type table struct {
	name    string
	columns string
	keys    string
	rows    func(s Size, add func(...any))
}

// The indexes are those of a database somebody looks after: every lookup of the
// bench, the gateway's and the hand-written server's, finds one.
var tables = []table{
	{
		name: "customers",
		columns: `number varchar(12) not null, name varchar(80) not null, address1 varchar(60), city varchar(40), state char(2),
			zip varchar(10), phone varchar(24), email varchar(80), rep varchar(8), terms varchar(12), credit decimal(12,2),
			currency char(3), created datetime not null, updated datetime not null`,
		keys: "primary key (number)", rows: customerRows,
	},
	{
		name:    "reps",
		columns: `code varchar(8) not null, name varchar(60) not null, phone varchar(24), email varchar(80)`,
		keys:    "primary key (code)", rows: repRows,
	},
	{
		name: "branches",
		columns: `code varchar(8) not null, name varchar(60) not null, address1 varchar(60), city varchar(40), state char(2),
			zip varchar(10), country char(3), latitude decimal(9,6), longitude decimal(9,6)`,
		keys: "primary key (code)", rows: branchRows,
	},
	{
		name:    "categories",
		columns: `code varchar(8) not null, title varchar(60) not null`,
		keys:    "primary key (code)", rows: categoryRows,
	},
	{
		name:    "classes",
		columns: `code varchar(8) not null, category varchar(8) not null, title varchar(60) not null`,
		keys:    "primary key (code), key category (category)", rows: classRows,
	},
	{
		name: "prices",
		columns: `id int unsigned not null, class varchar(8) not null, customer varchar(12) not null, days smallint not null,
			price decimal(10,2) not null`,
		keys: "primary key (id), key customer_class (customer, class)", rows: priceRows,
	},
	{
		name: "equipment",
		columns: `unit varchar(16) not null, class varchar(8) not null, make varchar(40) not null, model varchar(30) not null,
			serial varchar(24) not null, year smallint, price decimal(12,2), branch varchar(8), meter int, updated datetime not null`,
		keys: "primary key (unit)", rows: equipmentRows,
	},
	{
		name: "jobsites",
		columns: `customer varchar(12) not null, code varchar(8) not null, name varchar(60) not null, address1 varchar(60),
			address2 varchar(60), city varchar(40), state char(2), zip varchar(10), country char(3), latitude decimal(9,6),
			longitude decimal(9,6), first_name varchar(40), last_name varchar(40), phone varchar(24), open tinyint not null,
			updated datetime not null`,
		keys: "primary key (customer, code)", rows: jobsiteRows,
	},
	{
		name: "contracts",
		columns: `id int unsigned not null, number varchar(16) not null, customer varchar(12) not null, jobsite varchar(8) not null,
			branch varchar(8) not null, rep varchar(8), division varchar(16), status char(1) not null, kind char(1) not null,
			cycle char(1) not null, po varchar(30), payment varchar(16), pickup_by varchar(60), pickup_phone varchar(24),
			signed_by varchar(60), starts datetime not null, ends datetime, invoiced_thru date, bill_control smallint,
			currency char(3), total decimal(12,2) not null, deposit decimal(12,2), remarks varchar(200), created_by varchar(12),
			created datetime not null, updated datetime not null`,
		keys: "primary key (id), unique key number (number), key customer_status (customer, status), key updated (updated)",
		rows: contractRows,
	},
	{
		name: "contract_lines",
		columns: `id int unsigned not null, contract int unsigned not null, line smallint not null, unit varchar(16) not null,
			class varchar(8) not null, description varchar(160), qty int not null, day_rate decimal(10,2), week_rate decimal(10,2),
			month_rate decimal(10,2), amount decimal(12,2) not null, out_at datetime, called_off datetime, calloff_no varchar(16),
			returned datetime, meter_out int, attached smallint, updated datetime not null`,
		keys: "primary key (id), key contract (contract)", rows: contractLineRows,
	},
	{
		name:    "contract_fees",
		columns: `id int unsigned not null, contract int unsigned not null, name varchar(40) not null, amount decimal(10,2) not null`,
		keys:    "primary key (id), key contract (contract)", rows: contractFeeRows,
	},
	{
		name:    "contract_taxes",
		columns: `id int unsigned not null, contract int unsigned not null, name varchar(40) not null, amount decimal(10,2) not null`,
		keys:    "primary key (id), key contract (contract)", rows: contractTaxRows,
	},
	{
		name: "invoices",
		columns: `id int unsigned not null, number varchar(16) not null, customer varchar(12) not null, contract_number varchar(16) not null,
			jobsite varchar(8) not null, type varchar(16), po varchar(30), total decimal(12,2) not null, currency char(3),
			issued date not null, billed_from date not null, billed_to date not null, remarks varchar(200), updated datetime not null`,
		keys: "primary key (id), unique key number (number), key customer (customer), key updated (updated)", rows: invoiceRows,
	},
	{
		name: "invoice_lines",
		columns: `id int unsigned not null, invoice int unsigned not null, line smallint not null, contract_line smallint not null,
			unit varchar(16) not null, class varchar(8) not null, description varchar(160), qty int not null, day_rate decimal(10,2),
			week_rate decimal(10,2), month_rate decimal(10,2), amount decimal(12,2) not null`,
		keys: "primary key (id), key invoice (invoice)", rows: invoiceLineRows,
	},
	{
		name:    "invoice_fees",
		columns: `id int unsigned not null, invoice int unsigned not null, name varchar(40) not null, amount decimal(10,2) not null`,
		keys:    "primary key (id), key invoice (invoice)", rows: invoiceFeeRows,
	},
	{
		name:    "invoice_taxes",
		columns: `id int unsigned not null, invoice int unsigned not null, name varchar(40) not null, amount decimal(10,2) not null`,
		keys:    "primary key (id), key invoice (invoice)", rows: invoiceTaxRows,
	},
}
