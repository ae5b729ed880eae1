/** Where the frames of a segment lie, and how many of them are read ahead. */
import type { FrameEntry, SegmentEntry } from "./manifest.ts";

/** Where a frame lies, both in the file and in the plain text. */
export interface FramePlace extends FrameEntry {
  readonly index: number;
  readonly storedBytes: number;
  readonly plainBytes: number;
  /** Lines before the frame's first. */
  readonly linesBefore: number;
}

export function framePlaces(entry: SegmentEntry): FramePlace[] {
  let linesBefore = 0;
  return entry.frames.map((frame, index) => {
    const next = entry.frames[index + 1];
    const place = {
      ...frame,
      index,
      linesBefore,
      storedBytes: (next?.offset ?? entry.openedBytes ?? entry.storedBytes) - frame.offset,
      plainBytes: (next?.plainOffset ?? entry.plainBytes) - frame.plainOffset,
    };
    linesBefore += frame.records;
    return place;
  });
}

/** While one frame is looked at, so many are read, where they are no larger than this; of larger ones the next. */
const FRAMES_AHEAD = 2;
const AHEAD_BYTES = 4 * 1024 * 1024;

/** How many frames of a segment are read ahead of the one that is looked at. */
export function framesAhead(entry: SegmentEntry): number {
  return largestFrame(entry) > AHEAD_BYTES ? 1 : FRAMES_AHEAD;
}

/** How much text of a segment is there at a time while it is read, at most. */
export function bytesRead(entry: SegmentEntry): number {
  return Math.min(entry.plainBytes, (framesAhead(entry) + 1) * largestFrame(entry));
}

/** Where several threads sum frames up, each has one, and another is on its way. */
const FRAMES_SUMMED = 6;
/** Large frames are fewer at once: as many as have this much text together, but never fewer than two. */
const SUMMED_BYTES = 16 * 1024 * 1024;
const FRAMES_SUMMED_MIN = 2;

/** How many frames of a segment are summed up at once. */
export function framesSummed(entry: SegmentEntry): number {
  const fitting = Math.floor(SUMMED_BYTES / largestFrame(entry));
  return Math.max(FRAMES_SUMMED_MIN, Math.min(FRAMES_SUMMED, fitting));
}

/** How much text the frames have that are summed up at once, at most. */
export function bytesSummed(entry: SegmentEntry): number {
  return Math.min(entry.plainBytes, framesSummed(entry) * largestFrame(entry));
}

function largestFrame(entry: SegmentEntry): number {
  return framePlaces(entry).reduce((most, { plainBytes }) => Math.max(most, plainBytes), 1);
}
