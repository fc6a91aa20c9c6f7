import { normaliseNir, readNir } from '../../../../src/applet/vitale/index.ts';
import { CannotRun } from '../../../console/failure.ts';
import { readInputText } from '../../../console/input-file.ts';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../../console/io.ts';
import { counted } from '../../../report/words.ts';
import { type ListedActivation, listActivations, registryCounts } from '../registry-counts.ts';
import { nameText, nirText } from './personal.ts';
import { timeText, withIssuer } from './with-issuer.ts';

export interface StatusOptions {
  readonly folder: string;
  /** 13 characters; null: everybody. */
  readonly nir: string | null;
  /** Activations that are listed. */
  readonly most: number;
  /** Names and NIRs are not masked. */
  readonly show: boolean;
}

/** `vitap issuer status`: what the registry holds, and its newest activations. */
export async function status({ folder, nir, most, show }: StatusOptions, io: CommandIo): Promise<ExitCode> {
  return withIssuer(folder, io, async ({ config, store }, now) => {
    const counts = await registryCounts(store, now);
    const activations = await listActivations(store, { nir, most });
    if (io.json) {
      const masked = activations.map(({ nir: number, nirKey, name, ...rest }) => ({
        ...rest,
        ...(show ? { nir: number, nirKey, name } : { nir: null, nirKey: null, name: null }),
      }));
      writeJson(io, { origin: config.origin, store: store.sql.location, ...counts, list: masked });
      return EXIT.pass;
    }
    const { pending, active, revoked, abandoned } = counts.activations;
    io.stdout(`${config.origin}, registry ${store.sql.location}\n`);
    io.stdout(`  insured       ${counts.insured}\n`);
    io.stdout(`  activations   ${active} active, ${pending} pending, ${revoked} revoked, ${abandoned} abandoned\n`);
    io.stdout(`  wipes         ${counts.wipesQueued} queued\n`);
    io.stdout(`  contexts      ${counts.contexts} open\n`);
    io.stdout(`  claims        ${counts.claims}\n`);
    io.stdout(`  applications  ${counts.applicationsWaiting} waiting\n`);
    io.stdout(`  audit log     ${counted(counts.auditLines, 'line')}\n`);
    for (const each of activations) io.stdout(`${line(each, show)}\n`);
    return EXIT.pass;
  });
}

const LARGEST_NIR_FILE = 1024;

/** A NIR in a file, as a person writes it, with its key or without. @throws {CannotRun} */
export function nirOfFile(path: string): string {
  const nir = normaliseNir(readInputText(path, 'a NIR', LARGEST_NIR_FILE).trim()).slice(0, 13);
  const reading = readNir(nir);
  if (reading.kind === 'nir') return nir;
  throw new CannotRun(`${path}: no NIR${reading.kind === 'refused' ? `: ${reading.reason}` : ''}`);
}

function line(each: ListedActivation, show: boolean): string {
  const reason = each.reason === null ? '' : ` (${each.reason}${each.wipe === null ? '' : `, wipe ${each.wipe}`})`;
  const who = `${nameText(each.name, show)}  ${nirText(each.nir, each.nirKey, show)}`;
  return `${each.id}  ${who}  number ${each.number}  ${each.state}${reason} since ${timeText(each.since)}`;
}
