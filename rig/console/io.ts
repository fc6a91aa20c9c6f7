/** 0: done, or judged and passed. 1: judged and failed. 2: could not be done at all, usage errors included. */
export const EXIT = { pass: 0, fail: 1, cannotRun: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The world as a command sees it: all that it says and hears passes here, so that a test can stand in for it. */
export interface CommandIo {
  /** Writes the text as it is, line ends included. With `json`, nothing but JSON may go here. */
  stdout(text: string): void;
  /**
   * Whether all that was written to standard output was taken: by the terminal, the file, or the pipe. False when nobody
   * reads it any more, the disk is full, or it is the null device, which also stands in for one that was closed.
   */
  delivered(): Promise<boolean>;
  /** For progress, warnings and errors. */
  stderr(text: string): void;
  /** The person asked for data instead of prose. */
  readonly json: boolean;
  readonly stdinIsTty: boolean;
  readonly stdoutIsTty: boolean;
  readonly stderrIsTty: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires on Ctrl-C, SIGTERM, or when nobody reads standard output any more. The command stops and leaves files whole. */
  readonly signal: AbortSignal;
  /**
   * Asks on the terminal without showing what is typed.
   * @returns the line, without its end
   * @throws {HalError} `aborted` on Ctrl-C or end of input
   */
  askHidden(question: string): Promise<string>;
}

/** One JSON document on standard output, indented. Byte arrays become hex. */
export function writeJson(io: CommandIo, document: unknown): void {
  io.stdout(`${JSON.stringify(document, bytesAsHex, 2)}\n`);
}

/** One JSON document on a line of its own, where a command prints many: events, as they come. */
export function writeJsonLine(io: CommandIo, document: unknown): void {
  io.stdout(`${JSON.stringify(document, bytesAsHex)}\n`);
}

function bytesAsHex(this: Record<string, unknown>, key: string, value: unknown): unknown {
  // Buffer has its own toJSON, so the original is looked at.
  const original = this[key];
  return original instanceof Uint8Array ? Buffer.from(original).toString('hex').toUpperCase() : value;
}
