/** Numbers that are known to lie between two others, from samples. */

/** A figure and the interval that it lies in nineteen times out of twenty. */
export interface Estimate {
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

/** One that is known. */
export function exactly(value: number): Estimate {
  return { expected: value, low: value, high: value };
}

/** What is measured in one of several strata of equal weight: the sum over so many documents. */
export interface Sampled {
  readonly documents: number;
  readonly sum: number;
}

/** Of less than two samples nothing is known but themselves: the truth may be so many times more or less. */
const UNKNOWN = 2;

/**
 * The mean of a document, from samples of equal weight.
 *
 * @param share of all documents that were looked at, 0 to 1; of all of them the mean is exact.
 */
export function meanOf(samples: readonly Sampled[], share: number): Estimate {
  const seen = samples.filter(({ documents }) => documents > 0);
  if (seen.length === 0) return exactly(0);
  if (share >= 1) {
    const documents = seen.reduce((sum, each) => sum + each.documents, 0);
    return exactly(seen.reduce((sum, each) => sum + each.sum, 0) / documents);
  }
  const means = seen.map(({ documents, sum }) => sum / documents);
  const mean = means.reduce((sum, each) => sum + each, 0) / means.length;
  if (means.length === 1) return { expected: mean, low: mean / UNKNOWN, high: mean * UNKNOWN };
  const variance =
    means.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (means.length - 1) / means.length;
  const half = quantile(means.length - 1) * Math.sqrt(variance * (1 - share));
  // No document is smaller than the smallest is likely to be by much: a mean is never below nothing.
  return { expected: mean, low: Math.max(0, mean - half), high: mean + half };
}

/** Product of two that have nothing to do with each other; its interval is rather too wide than too narrow. */
export function times(a: Estimate, b: Estimate): Estimate {
  return { expected: a.expected * b.expected, low: a.low * b.low, high: a.high * b.high };
}

/** `a` by `b`. */
export function over(a: Estimate, b: Estimate): Estimate {
  return {
    expected: quotient(a.expected, b.expected),
    low: quotient(a.low, b.high),
    high: quotient(a.high, b.low === 0 ? b.expected : b.low),
  };
}

function quotient(value: number, divisor: number): number {
  return divisor === 0 ? 0 : value / divisor;
}

/** Sum of estimates that were made apart: their errors rarely all go the same way. */
export function sumOf(estimates: readonly Estimate[]): Estimate {
  const expected = estimates.reduce((sum, each) => sum + each.expected, 0);
  const spread = (of: (each: Estimate) => number) =>
    Math.sqrt(estimates.reduce((sum, each) => sum + of(each) ** 2, 0));
  return {
    expected,
    low: expected - spread((each) => each.expected - each.low),
    high: expected + spread((each) => each.high - each.expected),
  };
}

/** As whole numbers, the interval no narrower. */
export function whole({ expected, low, high }: Estimate): Estimate {
  return { expected: Math.round(expected), low: Math.floor(low), high: Math.ceil(high) };
}

/** Student's t, of which a fortieth lies above, by degrees of freedom. */
function quantile(freedom: number): number {
  if (freedom === 1) return 12.706;
  if (freedom === 2) return 4.303;
  // Hill's expansion about the normal distribution's 1.96; off by less than 0.04 from 3 on.
  const z = 1.96;
  return (
    z +
    (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3)
  );
}
