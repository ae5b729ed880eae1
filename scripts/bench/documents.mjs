// The documents of the bench: small ones of about 160 bytes of data, and large ones among them where asked for.
export const COLLECTION = "Flight";
export const TS = 1_795_259_107_540_000;
export const LARGE_BYTES = 8_000_000;

export const idOf = (n) => String(1_000_000 + n * 3);
/** The number of the first document whose id is not below `id`. */
export const firstFrom = (id) => Math.max(0, Math.ceil((Number(id) - 1_000_000) / 3));

const two = (n) => String(n).padStart(2, "0");
const fields = (n) => ({
  day: `2001-01-${two(1 + (n % 28))}T12:34:00Z`,
  delay: (n * 7919) % 240,
  distance: `${300 + ((n * 104_729) % 2400)}.5`,
});

export const refText = (n) =>
  `{"@ref":{"id":"${idOf(n)}","collection":{"@ref":{"id":"${COLLECTION}","collection":{"@ref":{"id":"collections"}}}}}}`;

/** @param large how many bytes of text the document has besides. */
export function dataText(n, large = 0) {
  const { day, delay, distance } = fields(n);
  const more = large === 0 ? "" : `,"text":"${"lorem ipsum ".repeat(large / 12)}"`;
  return `{"date":{"@ts":"${day}"},"delay":${delay},"distance":${distance},"origin":"SAT","destination":"HOU","carrier":{"code":"WN","fleet":[1,2,${n}]}${more}}`;
}

/** As v4 prints it. Every `every`-th one is of 8 MB. */
export const v4Document = (n, every = Infinity) =>
  `{"ref":${refText(n)},"ts":${TS + n},"data":${dataText(n, n % every === every - 1 ? LARGE_BYTES : 0)}}`;

/** As v10 prints it in its tagged format. */
export function v10Document(n) {
  const { day, delay, distance } = fields(n);
  return `{"@doc":{"id":"${idOf(n)}","coll":{"@mod":"${COLLECTION}"},"ts":{"@time":"2026-11-21T11:05:07.540Z"},"date":{"@time":"${day}"},"delay":{"@int":"${delay}"},"distance":{"@double":"${distance}"},"origin":"SAT","destination":"HOU","carrier":{"code":"WN","fleet":[{"@int":"1"},{"@int":"2"},{"@int":"${n}"}]}}}`;
}

/** As a request to write it carries it. */
export const written = (n) => `{"id":"${idOf(n)}","params":{"data":${dataText(n)}}}`;
