import { describe, expect, it } from "vitest";
import { Bench } from "./bench.ts";

/** Rows of a query and the text of its answer. */
function answers(rows: readonly (readonly [query: string, answer: string])[]): void {
  it.each(rows)("%s gives %s", (query, answer) => {
    expect(new Bench().resource(query)).toBe(answer);
  });
}

describe("literals", () => {
  answers([
    ["1", "1"],
    ["-0", "0"],
    ["1.0", "1.0"],
    ["-0.0", "-0.0"],
    ["1e400", '"Infinity"'],
    ["9223372036854775807", "9223372036854775807"],
    ['{"@ts":"2020-01-02T03:04:05.5+01:00"}', '{"@ts":"2020-01-02T02:04:05.500Z"}'],
    ['{"@ts":"2020-01-02T24:00:00Z"}', '{"@ts":"2020-01-03T00:00:00Z"}'],
    ['{"@date":"2020-02-29"}', '{"@date":"2020-02-29"}'],
    ['{"@bytes":"-_-_"}', '{"@bytes":"+/+/"}'],
    ['{"object":{"@foo":1}}', '{"@obj":{"@foo":1}}'],
    ['{"object":{"a":1,"a":2}}', '{"a":1}'],
    ['{"quote":{"@obj":{"@obj":{"@foo":1}}}}', '{"@obj":{"@obj":{"@obj":{"@foo":1}}}}'],
    ['{"quote":{"get":1,"ts":2}}', '{"get":1,"ts":2}'],
    ['[null,{"object":{"a":null}}]', '[null,{"a":null}]'],
    [String.raw`"\ud800x"`, '"?x"'],
  ]);
});

describe("control flow", () => {
  answers([
    ['{"let":[{"a":1},{"b":{"add":[{"var":"a"},1]}}],"in":[{"var":"a"},{"var":"b"}]}', "[1,2]"],
    ['{"let":{"a":1},"in":{"let":{"a":2},"in":{"var":"a"}}}', "2"],
    ['{"if":true,"then":1,"else":{"abort":"no"}}', "1"],
    ['{"do":[1,2]}', "2"],
    ['{"or":[true,{"abort":"not reached"}]}', "true"],
    ['{"and":[false,{"abort":"not reached"}]}', "false"],
    ['{"select":"a","from":{"object":{"a":1}},"default":{"abort":"not reached"}}', "1"],
    ['{"map":{"lambda":["a","_"],"expr":{"var":"a"}},"collection":[[1,2],[3,4]]}', "[1,3]"],
    ['{"map":{"lambda":["x","x"],"expr":{"var":"x"}},"collection":[[1,2]]}', "[2]"],
  ]);
});

describe("arithmetic", () => {
  answers([
    ['{"add":[1,2,3]}', "6"],
    ['{"add":[1,2.0]}', "3.0"],
    ['{"add":[9223372036854775807,1]}', "-9223372036854775808"],
    ['{"multiply":[4611686018427387904,2]}', "-9223372036854775808"],
    ['{"divide":[7,2]}', "3"],
    ['{"divide":[-7,2]}', "-3"],
    ['{"divide":[7,2.0]}', "3.5"],
    ['{"modulo":[-7,2]}', "-1"],
    ['{"abs":-5}', "5"],
    ['{"bitand":[6,3]}', "2"],
    ['{"bitnot":0}', "-1"],
    ['{"round":3.14159,"precision":3}', "3.142"],
    ['{"trunc":3.14159,"precision":3}', "3.141"],
    ['{"sign":-3.5}', "-1"],
    ['{"pow":3}', "9.0"],
    ['{"max":[1,3,2]}', "3"],
    ['{"sum":[1,2.5]}', "3.5"],
    ['{"mean":[1,2]}', "1.5"],
  ]);
});

describe("comparison", () => {
  answers([
    ['{"equals":[1,1.0]}', "true"],
    ['{"equals":[0.0,-0.0]}', "false"],
    ['{"equals":[{"object":{"a":1,"b":2}},{"object":{"b":2,"a":1}}]}', "true"],
    ['{"lt":[1,1.5,2]}', "true"],
    ['{"lt":["a","b","a"]}', "false"],
    ['{"gte":[{"@date":"2020-01-02"},{"@date":"2020-01-01"}]}', "true"],
    ['{"contains_path":["a",0],"in":{"object":{"a":[1]}}}', "true"],
    ['{"contains_field":"a","in":{"object":{}}}', "false"],
    ['{"contains_value":1,"in":[3,2,1]}', "true"],
  ]);
});

describe("arrays", () => {
  answers([
    ['{"filter":{"lambda":"x","expr":{"gt":[{"var":"x"},1]}},"collection":[1,2,3]}', "[2,3]"],
    ['{"foreach":{"lambda":"x","expr":{"add":[{"var":"x"},1]}},"collection":[1]}', "[1]"],
    [
      '{"reduce":{"lambda":["a","x"],"expr":{"add":[{"var":"a"},{"var":"x"}]}},"initial":0,"collection":[1,2]}',
      "3",
    ],
    ['{"take":2,"collection":[1,2,3]}', "[1,2]"],
    ['{"drop":2,"collection":[1,2,3]}', "[3]"],
    ['{"prepend":[0],"collection":[1]}', "[0,1]"],
    ['{"append":[2],"collection":[1]}', "[1,2]"],
    ['{"is_empty":[]}', "true"],
    ['{"union":[[1,2],[2,3]]}', "[1,2,3]"],
    ['{"intersection":[[1,2],[2,3]]}', "[2]"],
    ['{"difference":[[1,2],[2,3]]}', "[1]"],
    ['{"distinct":[1,1,2]}', "[1,2]"],
    ['{"reverse":[1,2]}', "[2,1]"],
  ]);
});

describe("objects", () => {
  answers([
    [
      '{"merge":{"object":{"a":1,"o":{"object":{"x":1}}}},"with":{"object":{"o":{"object":{"y":2}},"a":null}}}',
      '{"o":{"y":2}}',
    ],
    [
      '{"merge":{"object":{"a":1}},"with":{"object":{"a":2,"b":3}},"lambda":{"lambda":["k","l","r"],"expr":[{"var":"k"},{"var":"l"},{"var":"r"}]}}',
      '{"a":["a",1,2],"b":["b",null,3]}',
    ],
    ['{"to_object":[["a",1]]}', '{"a":1}'],
    ['{"to_array":{"object":{"a":1}}}', '[["a",1]]'],
    [
      '{"select_all":["a","b"],"from":{"object":{"a":[{"object":{"b":1}},{"object":{"b":2}}]}}}',
      "[1,2]",
    ],
  ]);
});

describe("strings", () => {
  answers([
    ['{"concat":["a","b"],"separator":"-"}', '"a-b"'],
    ['{"casefold":"ÄÖ Straße"}', '"äö strasse"'],
    ['{"length":"😀a"}', "2"],
    ['{"substring":"😀abc","start":1,"length":2}', '"ab"'],
    ['{"substring":"abc","start":-1}', '"c"'],
    ['{"findstr":"😀abc","find":"b"}', "2"],
    ['{"findstr":"abc","find":"x"}', "-1"],
    [
      '{"findstrregex":"one two","pattern":"[a-z]+"}',
      '[{"start":0,"end":2,"data":"one"},{"start":4,"end":6,"data":"two"}]',
    ],
    ['{"replacestr":"aaa","find":"a","replace":"$&"}', '"$&$&$&"'],
    ['{"replacestrregex":"abab","pattern":"a","replace":"x","first":true}', '"xbab"'],
    ['{"repeat":"ab"}', '"abab"'],
    ['{"titlecase":"hello world"}', '"Hello World"'],
    ['{"trim":"  a "}', '"a"'],
    ['{"ngram":"abc"}', '["a","ab","b","bc","c"]'],
    ['{"format":"%d %s %.2f %05d %%","values":[1,"a",3.14159,42]}', '"1 a 3.14 00042 %"'],
    ['{"format":"%2$s %1$s","values":["a","b"]}', '"b a"'],
    ['{"format":"%tF","values":{"@ts":"2020-01-02T03:04:05Z"}}', '"2020-01-02"'],
    ['{"format":"%@","values":{"object":{"a":1}}}', String.raw`"{\"a\":1}"`],
    ['{"startswith":"abc","search":"ab"}', "true"],
    ['{"containsstrregex":"abc","pattern":"b.$"}', "true"],
  ]);
});

describe("times", () => {
  answers([
    ['{"time":"2020-01-02T03:04:05Z"}', '{"@ts":"2020-01-02T03:04:05Z"}'],
    ['{"epoch":1,"unit":"second"}', '{"@ts":"1970-01-01T00:00:01Z"}'],
    ['{"epoch":-1,"unit":"microseconds"}', '{"@ts":"1969-12-31T23:59:59.999999Z"}'],
    ['{"to_micros":{"@ts":"1969-12-31T23:59:59.999999999Z"}}', "-1"],
    ['{"to_seconds":{"@ts":"2020-01-01T00:00:00Z"}}', "1577836800"],
    ['{"year":{"@ts":"2020-03-01T00:00:00Z"}}', "2020"],
    ['{"day_of_year":{"@ts":"2020-03-01T00:00:00Z"}}', "61"],
    ['{"day_of_week":{"@ts":"2020-03-01T00:00:00Z"}}', "7"],
    [
      '{"time_add":{"@ts":"2020-01-01T00:00:00Z"},"offset":1,"unit":"day"}',
      '{"@ts":"2020-01-02T00:00:00Z"}',
    ],
    ['{"time_subtract":{"@date":"2020-01-01"},"offset":1,"unit":"days"}', '{"@date":"2019-12-31"}'],
    [
      '{"time_diff":{"@ts":"2020-01-01T00:00:00Z"},"other":{"@ts":"2020-01-01T02:30:00Z"},"unit":"hour"}',
      "2",
    ],
    ['{"equals":[{"time":"now"},{"now":null}]}', "true"],
  ]);
});

describe("conversions", () => {
  answers([
    ['{"to_string":1.0}', '"1.0"'],
    ['{"to_string":null}', '"null"'],
    ['{"to_number":"12"}', "12"],
    ['{"to_number":"1.5"}', "1.5"],
    ['{"to_double":"∞"}', '"Infinity"'],
    ['{"to_double":"NaN"}', '"NaN"'],
    ['{"to_double":1}', "1.0"],
    ['{"to_integer":2.9}', "2"],
    ['{"to_time":{"@date":"2020-01-01"}}', '{"@ts":"2020-01-01T00:00:00Z"}'],
    ['{"to_date":{"@ts":"2020-01-01T23:00:00Z"}}', '{"@date":"2020-01-01"}'],
    [
      '[{"is_integer":1},{"is_double":1},{"is_null":null},{"is_lambda":{"query":{"lambda":"x","expr":1}}}]',
      "[true,false,true,true]",
    ],
  ]);
});
