/** Numbers from 0 to 1. */
export type Random = () => number;

/** Park and Miller's generator: enough for samples and faults, and the same everywhere for the same seed. */
export function seededRandom(seed: number): Random {
  let state = seed % 2_147_483_647 || 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
