import { describe, expect, it } from "vitest";
import { BatchFlow, type BatchFlowStep, type BatchSize } from "../../../src/fauna/fauna.ts";
import { each } from "../../support/generators.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const signal = new AbortController().signal;

/** Sends one batch. */
async function send(
  flow: BatchFlow,
  size: BatchSize,
  work: () => Promise<void> = async () => {},
): Promise<void> {
  for await (const batch of flow.admitted(each([size]), (item) => item, signal))
    await batch.send(work);
}

describe("BatchFlow", () => {
  it("never has more bytes under way than it may, and lets one batch that is larger pass alone", async () => {
    const clock = new VirtualClock();
    const flow = new BatchFlow({ batchDocuments: 10, window: 8, bytes: 1_000, clock });
    const sizes = [400, 400, 400, 5_000, 10, 900];
    let most = 0;
    const sending = sizes.map((bytes) =>
      send(flow, { documents: 10, bytes }, async () => {
        most = Math.max(most, flow.bytes.held);
        await clock.sleep(10);
      }),
    );
    await clock.drive(Promise.all(sending));
    expect(most).toBeLessThanOrEqual(1_000);
    expect(flow.bytes.peak).toBe(1_000);
    expect(flow.bytes.held).toBe(0);
  });

  it("gives the bytes of a batch back that fails", async () => {
    const flow = new BatchFlow({ bytes: 100 });
    const failing = send(flow, { documents: 1, bytes: 80 }, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(flow.bytes.held).toBe(0);
  });

  it("asks for no further batch while one waits for room, and for none any more when it is stopped", async () => {
    const flow = new BatchFlow({ bytes: 100 });
    let asked = 0;
    async function* batches(): AsyncGenerator<number> {
      for (;;) yield ++asked;
    }
    const stop = new AbortController();
    const size = { documents: 1, bytes: 60 };
    const admitted = flow.admitted(batches(), () => size, stop.signal);
    const first = (await admitted.next()).value!;
    const second = admitted.next();
    const third = admitted.next();
    await new Promise(setImmediate);
    expect([first.item, asked, flow.bytes.held]).toEqual([1, 2, 60]);
    await first.send(async () => {});
    expect((await second).value!.item).toBe(2);
    stop.abort(new Error("enough"));
    await expect(third).rejects.toThrow("enough");
    expect(asked).toBe(3);
  });

  it("leaves batch and window as they were given", async () => {
    const flow = new BatchFlow({ batchDocuments: 77, window: 3, bytes: 1_000 });
    for (let n = 0; n < 200; n++) await send(flow, { documents: 77, bytes: 10 });
    expect([flow.batchDocuments, flow.window]).toEqual([77, 3]);
  });

  it("finds the batches and the window that a server takes best, and says what it tried", async () => {
    const clock = new VirtualClock();
    const steps: BatchFlowStep[] = [];
    const onStep = (step: BatchFlowStep) => void steps.push(step);
    const flow = new BatchFlow({ bytes: 64 * 1024 * 1024, clock, onStep });
    // Two at once, each with a price of its own that small batches do not pay back.
    const freeAt = [0, 0];
    const write = async (documents: number): Promise<void> => {
      const which = freeAt[0]! <= freeAt[1]! ? 0 : 1;
      const ends = Math.max(clock.now(), freeAt[which]!) + 100 + documents * 0.1;
      freeAt[which] = ends;
      await clock.sleep(ends - clock.now());
    };
    const sender = async (index: number): Promise<void> => {
      while (steps.at(-1)?.settled !== true) {
        if (index >= flow.window) {
          await clock.sleep(20);
          continue;
        }
        const documents = flow.batchDocuments;
        await send(flow, { documents, bytes: documents * 100 }, () => write(documents));
      }
    };
    await clock.drive(Promise.all(Array.from({ length: 32 }, (_, index) => sender(index))));
    const rate = (batch: number): number => batch / (100 + batch * 0.1);
    expect(rate(steps.at(-1)!.best.batch)).toBeGreaterThan(0.9 * rate(4_000));
    expect(steps.at(-1)!.best.underWay).toBeGreaterThanOrEqual(2);
  });
});
