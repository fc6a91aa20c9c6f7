import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { storageError } from '../../../src/hal/nvm/storage-error.ts';
import { CannotRun } from '../../console/failure.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { packageVersion } from '../../console/package-root.ts';
import { openUnlessEnded } from '../../store/open-unless-ended.ts';
import { addPage, pageFolder } from '../../web/page-files.ts';
import { keyPin } from '../../web/pinned-fetch.ts';
import { checkListening, type ServedAt, serveUntil } from '../../web/server.ts';
import { tellFault } from '../../web/tell-fault.ts';
import { type LabStore, openLabStore } from '../store/store.ts';
import { keepToken, listTokens, newToken } from '../store/tokens.ts';
import { createLabServer } from './lab-server.ts';
import { printedAddress } from './printed-address.ts';

export interface LabServeOptions {
  /** Of the files, and of the database unless there is a URL. */
  readonly folder: string;
  /** URL of a PostgreSQL database; null: PGlite in the folder. */
  readonly store: string | null;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Files in PEM; both or none. */
  readonly certificate: string | null;
  readonly key: string | null;
  /** No line for each request. */
  readonly quiet: boolean;
}

/** In the lab's folder: the token of its first operator, written at the first start. */
export const OPERATOR_TOKEN_FILE = 'operator.token';

/** `vitap lab serve`: the lab's HTTP interface, until Ctrl-C. @throws {CannotRun}; {HalError}; {StoreError} */
export async function serveLab(options: LabServeOptions, io: CommandIo): Promise<ExitCode> {
  const { folder, host, port, certificate, key, quiet } = options;
  if ((certificate === null) !== (key === null)) {
    throw new CannotRun('TLS takes a certificate and its key: give both files or none');
  }
  const fault = (error: unknown): void => tellFault(error, io);
  const tls = certificate === null || key === null ? null : { certificate, key };
  // Before anything is made: a mistake in an address leaves no folder behind.
  await checkListening({ host, port, tls });
  const opening = openLabStore({ folder, url: options.store, now: Date.now(), fault });
  const store = await openUnlessEnded(opening, (late) => late.close(), io.signal);
  try {
    io.signal.throwIfAborted();
    const server = await createLabServer(store, {
      ...{ host, port, tls, version: packageVersion(), fault },
      log: quiet ? () => {} : (line) => io.stderr(`${line}\n`),
    });
    addPage(server.app, pageFolder('lab', 'lab'));
    const at = await server.listen();
    const first = await firstOperator(store, folder);
    const warning = certificate === null ? null : certificateWarning(certificate);
    if (warning !== null) {
      io.stderr(`vitap: ${certificate} ${warning}: only benches and verbs with a pin take it\n`);
    }
    announce(at, { store, first, pin: certificate === null ? null : keyPin(readFileSync(certificate)) }, io);
    await serveUntil(server, io.signal);
    return EXIT.pass;
  } finally {
    await store.close();
  }
}

function announce(
  at: ServedAt,
  { store, first, pin }: { readonly store: LabStore; readonly first: string | null; readonly pin: string | null },
  io: CommandIo,
): void {
  const { kind, location } = store.sql;
  if (io.json) {
    const page = printedAddress(at, io);
    writeJson(io, { id: 'lab-serve', listening: at.origin, page, pin, database: { kind, location }, tokenFile: first });
    return;
  }
  io.stdout(`the lab: ${at.origin}, described at ${at.origin}/openapi.json\n`);
  if (pin !== null) io.stdout(`pin of its key, for benches: ${pin}\n`);
  io.stdout(`its page, for an operator: ${printedAddress(at, io)}\n`);
  io.stdout(`database: ${kind} ${location}\n`);
  if (first !== null) io.stdout(`token of its first operator: ${first}\n`);
  io.stdout('Ctrl-C ends this server; benches go on when it, or another one on the same database, is back.\n');
}

/** A lab without any token gets one, in a file for its owner alone. @returns the file; null: there are tokens */
async function firstOperator(store: LabStore, folder: string): Promise<string | null> {
  if ((await listTokens(store)).length > 0) return null;
  const file = join(folder, OPERATOR_TOKEN_FILE);
  // The file first: a token that nobody has would keep everybody out.
  const token = newToken();
  try {
    writeFileSync(file, `${token}\n`, { flag: 'wx', mode: 0o600, flush: true });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw storageError('cannot write', file, cause);
    throw new CannotRun(`${file} is there, and this database knows no token: move the file away`, { cause });
  }
  try {
    await keepToken(store, { name: 'first operator', role: 'operator', token });
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
  return file;
}

/** Benches that pin the key do not mind; browsers and everybody else do. */
function certificateWarning(certificate: string): string | null {
  const { validFrom, validTo } = new X509Certificate(readFileSync(certificate));
  const [from, to] = [new Date(validFrom), new Date(validTo)];
  const now = Date.now();
  if (to.getTime() < now) return `has expired on ${to.toISOString()}`;
  return from.getTime() > now ? `is not valid before ${from.toISOString()}` : null;
}
