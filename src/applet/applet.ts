import type { CommandContext } from './command-context.ts';
import type { CommandRow } from './command-row.ts';

/** An applet that cannot be on the card it was given to: a mistake of whoever made it, said in one sentence. */
export class AppletError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AppletError';
  }
}

/**
 * An application with commands of its own, bound to the DF of that name.
 *
 * Files need no applet: the commands of ISO/IEC 7816-4 work on every DF. An applet's rows are looked at first while
 * its DF, or one below it, is current. They may have proprietary classes (`classes` of a row), in which the application
 * has those rows alone, and GET RESPONSE.
 */
export interface Applet {
  /** Name of its DF. */
  readonly aid: Uint8Array;
  readonly commands: readonly CommandRow[];
  /** Longest data that one of its commands can answer, in bytes, when that is more than any file holds. */
  readonly largestData?: number;
  /** Its DF has been selected from another application, and is current now. */
  selected?(context: CommandContext): void;
  /** Another application has been selected, or the channel was reset: its own DF is no longer current. */
  deselected?(): void;
}
