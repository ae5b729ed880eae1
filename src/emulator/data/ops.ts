/** What a transaction has cost, in Fauna's units (facts §8). */
const BYTES_PER_READ = 4096;
const BYTES_PER_WRITE = 1024;
/** What a transaction carries for each write besides the version: keys, times, native index rows (errors-limits/document-size). */
const OVERHEAD_PER_WRITE = 321;

/** Counters of one transaction. */
export class Ops {
  readOps = 0;
  writeOps = 0;
  bytesRead = 0;
  bytesWritten = 0;
  /** The size of the transaction, as its limit counts it. */
  transactionBytes = 0;

  /** One document or stretch of index rows of `bytes` was read: one op for each 4,096 bytes begun. */
  read(bytes: number): void {
    this.bytesRead += bytes;
    this.readOps += Math.max(1, Math.ceil(bytes / BYTES_PER_READ));
  }

  /** One document of `bytes`, its index rows included, was written: one op for each 1,024 bytes begun. */
  write(bytes: number): void {
    this.bytesWritten += bytes;
    this.transactionBytes += bytes + OVERHEAD_PER_WRITE;
    this.writeOps += Math.max(1, Math.ceil(bytes / BYTES_PER_WRITE));
  }
}
