// What the bench makes of its figures.

/** The one in the middle; of an even number, between the two that are. */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

/** The slope of the line through points in a plane where both axes are logarithms: y grows as x to the power of it. */
export function exponent(points) {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)]);
  const mean = (i) => logs.reduce((sum, each) => sum + each[i], 0) / logs.length;
  const [mx, my] = [mean(0), mean(1)];
  const over = logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return over / logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}

const two = (number) => (number === undefined ? "" : number.toFixed(2));

/** Wall clock, CPU of the main thread and of the whole process, in seconds: medians. */
function times(runs) {
  if (runs.length === 0) return "";
  const of = (name) =>
    runs.some((run) => run[name] === undefined) ? undefined : median(runs.map((run) => run[name]));
  return [of("seconds"), of("mainSeconds"), of("cpuSeconds")].map(two).join(" / ");
}

export function printTable(rows) {
  console.log("| what | aim | figure | lowest to highest | ours, s (wall / main / CPU) | theirs |");
  console.log("| --- | --- | ---: | ---: | ---: | ---: |");
  for (const { name, aim, figure, unit, lowest, highest, rounds } of rows) {
    const ours = rounds.map((round) => round.ours ?? round);
    const theirs = rounds.flatMap((round) => round.theirs ?? []);
    const cells = [
      name.replaceAll("|", "\\|"),
      aim,
      `${two(figure)}${unit}`,
      `${two(lowest)} to ${two(highest)}`,
    ];
    console.log(`| ${[...cells, times(ours), times(theirs)].join(" | ")} |`);
  }
}
