import { type Command, Option } from 'commander';
import { LINK_FORMS, type LinkChoice } from '../../endpoint/links.ts';
import { checkOrigin, parseLink, parsePort } from '../option-values.ts';
import type { Perform } from '../program.ts';
import { timeoutOption } from './shared-options.ts';

interface Typed {
  phone?: string;
  issuer?: string;
  identity?: string;
  link?: LinkChoice;
  test?: boolean;
  port: number;
  timeout: number;
}

/** `phone serve`. */
export function declarePhoneServe(phone: Command, perform: Perform): void {
  phone
    .command('serve')
    .description('the phone as a web page on this machine: it prints the address')
    .option('--phone <folder>', 'the phone’s folder (default: state folder)')
    .option('--issuer <url>', 'the issuer (default: that of the activation that was begun)')
    .option('--identity <url>', 'the identity provider at which a person agrees (default: none, a ticket is needed)')
    .addOption(new Option('--link <link>', `where the card is held to a reader: ${LINK_FORMS}`).argParser(parseLink))
    .option('--test', 'allow the code of the shipped test cards')
    .addOption(new Option('--port <number>', 'port on 127.0.0.1; 0: any free one').argParser(parsePort).default(0))
    .addOption(timeoutOption('how long to wait for an answer of the issuer'))
    .action((typed: Typed) =>
      perform({}, async (io) => {
        const { phone: folder = null, issuer = null, link = null, test = false, port, timeout: timeoutMs } = typed;
        const { identity = null } = typed;
        if (identity !== null) checkOrigin(identity);
        const { phoneServe } = await import('../../life/phone/serve.ts');
        return phoneServe({ folder, issuer, identity, link, test, port, timeoutMs }, io);
      }),
    );
}
