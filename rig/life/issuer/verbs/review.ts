import { existsSync } from 'node:fs';
import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../../console/io.ts';
import { decideApplication, type RefusalReason, type WaitingApplication, waitingApplications } from '../application.ts';
import { APPLICATION_FILES, applicationFile } from '../application-files.ts';
import { type CardClaims, claimsOfInsured } from '../registry.ts';
import type { IssuerStore } from '../store.ts';
import { nameText, nirText } from './personal.ts';
import { timeText, withIssuer } from './with-issuer.ts';

export interface ReviewOptions {
  readonly folder: string;
  /** Null: those that wait are listed. */
  readonly application: string | null;
  /** Null: it is accepted. */
  readonly refuse: RefusalReason | null;
  readonly show: boolean;
}

/** `vitap issuer review`: lists applications without a digital identity, or decides on one. */
export async function review({ folder, application, refuse, show }: ReviewOptions, io: CommandIo): Promise<ExitCode> {
  return withIssuer(folder, io, async ({ store }, now) => {
    if (application !== null) {
      await decideApplication(store, { id: application, refuse, now });
      const decision = refuse === null ? 'accepted' : 'refused';
      if (io.json) writeJson(io, { application, decision, reason: refuse });
      else {
        io.stdout(`${application}: ${decision}${refuse === null ? '' : ` (${refuse})`}; its files are destroyed\n`);
      }
      return EXIT.pass;
    }
    const waiting = await waitingApplications(store, now);
    const list = await Promise.all(waiting.map((each) => described(store, each, show)));
    if (io.json) {
      writeJson(io, { waiting: list });
      return EXIT.pass;
    }
    if (list.length === 0) io.stdout('no application waits\n');
    for (const { id, name, nir, key, birthDate, receivedAt, destroyBy, files } of list) {
      io.stdout(`${id}  ${nameText(name ?? '', show)}  ${nirText(nir ?? '', key ?? '', show)}\n`);
      if (birthDate !== null) io.stdout(`  born      ${birthDate}\n`);
      io.stdout(`  received  ${timeText(receivedAt)}; destroyed by ${timeText(destroyBy)}\n`);
      for (const file of files) io.stdout(`  file      ${file}\n`);
    }
    return EXIT.pass;
  });
}

async function described(
  store: IssuerStore,
  { id, insuredId, receivedAt, destroyBy }: WaitingApplication,
  show: boolean,
) {
  const { insured, beneficiaries } = (await claimsOfInsured(store.sql, insuredId)) as CardClaims;
  const [person] = beneficiaries;
  const files = APPLICATION_FILES.map((file) => applicationFile(store, id, file)).filter((path) => existsSync(path));
  return {
    ...{ id, receivedAt, destroyBy, files },
    name: show ? `${person?.usualName} ${person?.firstName}` : null,
    birthDate: show ? (person?.birthDate ?? null) : null,
    nir: show ? insured.nir : null,
    key: show ? insured.key : null,
  };
}
