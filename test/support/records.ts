import { type DocumentRecord, parseRecord } from "../../src/values/record.ts";

/** Handwritten lines with what is hardest to keep. Ascending by id; the golden archives hold them. */
export const NASTY_LINES: readonly string[] = [
  String.raw`{"id":"0","ts":-1,"data":{}}`,
  String.raw`{"id":"1","ts":0,"data":{"":"empty key","__proto__":{"constructor":1},"2":"b","1":"a"}}`,
  String.raw`{"id":"9","ts":1795259107540000,"data":{"long":9223372036854775807,"below":-9223372036854775808,"odd":9007199254740993}}`,
  String.raw`{"id":"10","ts":1795259107540001,"data":{"one":1.0,"minusZero":-0.0,"tiny":4.9E-324,"huge":1.7976931348623157E308}}`,
  String.raw`{"id":"11","ts":1795259107540001,"data":{"nan":{"@double":"NaN"},"up":{"@double":"Infinity"},"down":{"@double":"-Infinity"}}}`,
  String.raw`{"id":"100","ts":1795259107540002,"data":{"at":{"@ts":"+10000-01-01T00:00:00.123456789Z"},"day":{"@date":"-0001-02-28"}}}`,
  String.raw`{"id":"101","ts":1795259107540003,"data":{"bytes":{"@bytes":"AP8="},"none":{"@bytes":""},"uuid":{"@uuid":"00000000-0000-4000-8000-000000000000"}}}`,
  String.raw`{"id":"102","ts":1795259107540004,"data":{"ref":{"@ref":{"id":"1","collection":{"@ref":{"id":"gone","collection":{"@ref":{"id":"collections"}}}}}}}}`,
  String.raw`{"id":"103","ts":1795259107540005,"data":{"set":{"@set":{"match":{"@ref":{"id":"by_x","collection":{"@ref":{"id":"indexes"}}}},"terms":["x"]}}}}`,
  String.raw`{"id":"104","ts":1795259107540006,"data":{"fn":{"@query":{"api_version":"4","lambda":"x","expr":{"add":[{"var":"x"},1]}}}}}`,
  String.raw`{"id":"105","ts":1795259107540007,"data":{"escaped":{"@obj":{"@ref":"not a ref"}},"holes":[null,[],{},[null]]}}`,
  String.raw`{"id":"106","ts":1795259107540008,"data":{"surrogate":"\ud800","controls":"\u0000\u001f\b\f\n\r\t","quote":"\"\\","slash":"/"}}`,
  `{"id":"107","ts":1795259107540009,"data":{"text":"\uFEFFé😀\u2028\u2029\u007f","𝕜ey":"日本語"}}`,
  String.raw`{"id":"108","ts":1795259107540010,"ttl":{"@ts":"2099-12-31T23:59:59.999999Z"},"data":{"expires":true}}`,
  String.raw`{"id":"109","ts":1795259107540011,"data":{"a":1},"extra":{"delegates":{"x":[1,2.50]},"credentials":{"hashed_password":"x"}}}`,
  String.raw`{"id":"9223372036854775807","ts":253402300799999999,"data":{"last":true}}`,
];

export const nastyRecords = (): DocumentRecord[] => NASTY_LINES.map((line) => parseRecord(line));

/** `count` plain records with ids from `first` on, with text that neither compresses to nothing nor not at all. */
export function plainRecords(count: number, first = 1000): DocumentRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    id: String(first + i * 3),
    ts: 1_795_259_107_540_000n + BigInt((i * 7919) % 1000),
    dataText: `{"n":${i},"name":"document ${(i * 2654435761) % 4294967296}"}`,
  }));
}
