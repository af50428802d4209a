package plan

import "strings"

// sqlFunctions are the functions mapping SQL may call without saying so: they
// read nothing but their arguments and wait for nothing.
var sqlFunctions = func() map[string]bool {
	known := map[string]bool{}
	for _, name := range strings.Fields(`
		abs adddate addtime ascii avg bin bit_count cast ceil ceiling char char_length character_length coalesce
		concat concat_ws conv convert count crc32 curdate current_date current_timestamp date date_add date_format
		date_sub datediff day dayname dayofmonth dayofweek dayofyear elt exists exp export_set extract field
		find_in_set floor format from_days from_unixtime glob greatest group_concat hex hour if ifnull iif in insert
		instr interval isnull json_array json_contains json_extract json_length json_object json_unquote
		json_valid julianday last_day lcase least left length like likelihood ln locate log log10 log2 lower lpad
		ltrim makedate maketime max md5 microsecond mid min minute mod month monthname not nullif oct octet_length
		ord period_add period_diff position pow power printf quarter quote repeat replace reverse right round rpad
		rtrim sec_to_time second sha1 sha2 sign soundex space sqrt std stddev str_to_date strcmp strftime subdate
		substr substring substring_index subtime sum time time_format time_to_sec timediff timestamp timestampadd
		timestampdiff to_days total trim truncate typeof ucase unhex unicode unix_timestamp upper values variance
		week weekday weekofyear year yearweek`) {
		known[name] = true
	}
	return known
}()
