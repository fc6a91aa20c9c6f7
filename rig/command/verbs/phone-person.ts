import { type Command, Option } from 'commander';
import { UsageError } from '../../console/failure.ts';
import { checkOrigin } from '../option-values.ts';
import type { Perform } from '../program.ts';
import { addPhone, answerOption, folderOf, type Typed } from './phone-options.ts';
import { addJsonOption } from './shared-options.ts';

interface TypedApply {
  json?: boolean;
  issuer: string;
  personFile: string;
  documentFront: string;
  documentBack?: string;
  video: string;
  out?: string;
  timeout: number;
}
interface TypedApplication {
  json?: boolean;
  issuer: string;
  ticketFile?: string;
  wait?: boolean;
  timeout: number;
}
interface TypedLost extends Typed {
  issuer?: string;
  ticketFile?: string;
  identity?: string;
  person?: string;
  timeout: number;
}

/** `phone apply`, `application`, `lost`: what a person says without a digital identity, or without the phone. */
export function declarePerson(phone: Command, perform: Perform): void {
  addJsonOption(
    phone
      .command('apply')
      .description('apply for a card without a digital identity: pictures of a document, and a video of the face'),
  )
    .requiredOption('--issuer <url>', 'the issuer')
    .requiredOption('--person-file <file>', 'who it is, as JSON: familyName, givenName, birthDate, birthPlaceCode')
    .requiredOption('--document-front <file>', 'picture of the document')
    .option('--document-back <file>', 'picture of its back')
    .requiredOption('--video <file>', 'video of the face')
    .option('--out <file>', 'write the ticket there, for its owner alone (default: print it)')
    .addOption(answerOption())
    .action((typed: TypedApply) =>
      perform(typed, async (io) => {
        const { issuer, personFile, documentFront, documentBack = null, video, out = null } = typed;
        const { apply } = await import('../../life/phone/person-verbs.ts');
        const files = { personFile, documentFront, documentBack, video, out };
        return apply({ issuer, ...files, timeoutMs: typed.timeout }, io);
      }),
    );
  addJsonOption(phone.command('application').description('what became of an application'))
    .requiredOption('--issuer <url>', 'the issuer')
    .addOption(ticketOption())
    .option('--wait', 'ask again until an operator has decided')
    .addOption(answerOption())
    .action((typed: TypedApplication) =>
      perform(typed, async (io) => {
        const { issuer, ticketFile = null, wait = false, timeout: timeoutMs } = typed;
        const { application } = await import('../../life/phone/person-verbs.ts');
        return application({ issuer, ticketFile, wait, timeoutMs }, io);
      }),
    );
  addPhone(
    phone
      .command('lost')
      .description('end the card of a phone that is lost: from another machine, or from the phone that was found'),
  )
    .option('--issuer <url>', 'the issuer, for whoever has the phone no more')
    .addOption(ticketOption())
    .addOption(
      new Option(
        '--identity <url>',
        'in place of a ticket: the identity provider at which the person agrees',
      ).conflicts('ticketFile'),
    )
    .option('--person <id>', 'who agrees, by the id in people.json of the identity provider (default: the only one)')
    .addOption(answerOption())
    .action((typed: TypedLost) =>
      perform(typed, async (io) => {
        const { issuer = null, ticketFile = null, identity = null, person = null, timeout: timeoutMs } = typed;
        if (identity !== null) checkOrigin(identity);
        else if (person !== null) throw new UsageError('--person goes with --identity');
        if (issuer !== null && typed.phone !== undefined) {
          throw new UsageError('--phone and --issuer: the phone that was found knows its issuer');
        }
        const { lost } = await import('../../life/phone/person-verbs.ts');
        return lost({ ...folderOf(typed), issuer, ticketFile, identity, person, timeoutMs }, io);
      }),
    );
}

function ticketOption(): Option {
  return new Option(
    '--ticket-file <file>',
    'the ticket in the first line of a file (otherwise VITAP_TICKET, or asked for)',
  );
}
