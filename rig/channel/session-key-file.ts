import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { copyBytes } from '../../src/apdu/copy-bytes.ts';
import { replaceFile } from '../../src/hal/nvm/replace-file.ts';
import { CIPHER_NAMES, keyLength, type SessionKeys } from '../../src/secure-channel/index.ts';
import { CannotRun } from '../console/failure.ts';
import { readInputText } from '../console/input-file.ts';
import { refuseSharedKey } from '../console/private-key-file.ts';

/** Keys of one session of secure messaging, in the order in which the sessions were opened. */
export interface RecordedKeys extends SessionKeys {
  /** What made them. */
  readonly by: 'PACE' | 'chip authentication';
}

/** A file of session keys as it is read: which trace it belongs to, and the keys. */
export interface SessionKeyFile {
  /** 16 hexadecimal digits, the same in the trace's header. */
  readonly id: string;
  readonly keys: readonly RecordedKeys[];
}

const FORMAT = 'vitap session keys';
/** Two for each tap; a bench of many taps keeps those of a few. */
const MOST_KEYS = 100_000;
const LARGEST_FILE = 32 * 1024 * 1024;

/** Gathers the keys of a recording, and writes them down when it is over. */
export class SessionKeyRecorder {
  readonly path: string;
  /** Goes into the header of the trace. */
  readonly id: string = randomBytes(8).toString('hex').toUpperCase();
  readonly #keys: RecordedKeys[] = [];

  constructor(path: string) {
    this.path = path;
  }

  /** Copies them: who calls wipes its own. */
  readonly add = (by: RecordedKeys['by'], { cipher, enc, mac }: SessionKeys): void => {
    if (this.#keys.length < MOST_KEYS) this.#keys.push({ by, cipher, enc: copyBytes(enc), mac: copyBytes(mac) });
  };

  /**
   * Writes the file, for its owner alone (mode 600), and overwrites what was gathered; no keys are a file too.
   * @throws {HalError} `storage`
   */
  write(): void {
    const keys = this.#keys.map(({ by, cipher, enc, mac }) => ({ by, cipher, enc: hex(enc), mac: hex(mac) }));
    const text = `${JSON.stringify({ format: FORMAT, version: 1, id: this.id, keys }, null, 2)}\n`;
    for (const { enc, mac } of this.#keys) {
      enc.fill(0);
      mac.fill(0);
    }
    this.#keys.length = 0;
    replaceFile(this.path, [Buffer.from(text)]);
  }
}

const HEX = z
  .string()
  .regex(/^([0-9A-Fa-f]{2})+$/)
  .transform((text) => new Uint8Array(Buffer.from(text, 'hex')));
const SCHEMA = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(1),
  id: z.string().regex(/^[0-9A-F]{16}$/),
  keys: z
    .array(
      z.strictObject({ by: z.enum(['PACE', 'chip authentication']), cipher: z.enum(CIPHER_NAMES), enc: HEX, mac: HEX }),
    )
    .max(MOST_KEYS),
});

/** @throws {CannotRun} no file of keys, or one that others may read; the sentence holds nothing of what is in it. An ordinary file error is left as it is */
export function readSessionKeys(path: string): SessionKeyFile {
  const no = (why: string): CannotRun => new CannotRun(`${path}: no session keys: ${why}`);
  refuseSharedKey(path, 'these keys');
  let json: unknown;
  try {
    json = JSON.parse(readInputText(path, 'a file of session keys', LARGEST_FILE));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw no('the file is not JSON');
  }
  const parsed = SCHEMA.safeParse(json);
  if (!parsed.success)
    throw no(`${parsed.error.issues[0]?.path.join('.') || 'its content'} is not as the format has it`);
  const wrong = parsed.data.keys.findIndex(
    ({ cipher, enc, mac }) => enc.length !== keyLength(cipher) || mac.length !== keyLength(cipher),
  );
  if (wrong >= 0) throw no(`keys.${wrong} have another length than their cipher's`);
  return parsed.data;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}
