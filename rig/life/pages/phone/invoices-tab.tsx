import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { Screen } from '../../../web/page/screen.tsx';
import { useAct } from '../act.ts';
import { useFormats, useWords } from '../say.ts';
import { CodeScreen } from './code-screen.tsx';
import { useGoneWhenHidden } from './show-tab.tsx';
import type { CodeRequest, PhoneView, ShownInvoice } from './view.ts';

const STATUSES = {
  recorded: 'statusRecorded',
  sent: 'statusSent',
  paid: 'statusPaid',
  rejected: 'statusRejected',
} as const;

interface InvoicesTabProps {
  readonly call: Call;
  readonly view: PhoneView;
  readonly refresh: () => void;
}

export function InvoicesTab({ call, view, refresh }: InvoicesTabProps) {
  const say = useWords();
  const act = useAct(refresh);
  const [step, setStep] = useState<'closed' | 'code' | readonly ShownInvoice[]>('closed');
  const open = typeof step !== 'string';
  useGoneWhenHidden(open, () => setStep('closed'));
  if (step === 'code') {
    return (
      <CodeScreen
        title={say('typeCode')}
        triesLeft={view.triesLeft}
        act={act}
        onCode={(code) =>
          act.run(async () => {
            const request: CodeRequest = { code };
            setStep(
              (await call<{ invoices: readonly ShownInvoice[] }>('POST', '/api/phone/invoices', request)).invoices,
            );
          })
        }
        onCancel={() => {
          act.clear();
          setStep('closed');
        }}
      />
    );
  }
  return (
    <Screen key={open ? 'open' : 'closed'} title={say('invoicesTitle')} entered={open}>
      <p>{say('invoicesText')}</p>
      {open && step.length === 0 ? <p>{say('invoicesNone')}</p> : null}
      {open ? (
        <ul class="plain">
          {step.map((invoice, index) => (
            <InvoiceItem key={index} invoice={invoice} />
          ))}
        </ul>
      ) : null}
      <div class="row">
        {open ? (
          <Button onPress={() => setStep('closed')}>{say('invoicesHide')}</Button>
        ) : (
          <Button kind="primary" onPress={() => setStep('code')}>
            {say('invoicesShow')}
          </Button>
        )}
      </div>
    </Screen>
  );
}

function InvoiceItem({ invoice }: { readonly invoice: ShownInvoice }) {
  const say = useWords();
  const { day, euros } = useFormats();
  return (
    <li>
      <h3>{invoice.professional}</h3>
      <p class="hint">
        {day(invoice.date)} · {say('invoiceFor', { person: invoice.beneficiaryIndex })} ·{' '}
        {say(STATUSES[invoice.status])}
        {invoice.thirdParty ? ` · ${say('thirdParty')}` : ''}
      </p>
      <dl class="facts amounts">
        <dt>{say('total')}</dt>
        <dd class="amount">{euros(invoice.total)}</dd>
        <dt>{say('amo')}</dt>
        <dd class="amount">{euros(invoice.amo)}</dd>
        <dt>{say('amc')}</dt>
        <dd class="amount">{euros(invoice.amc)}</dd>
        <dt>{say('patientPart')}</dt>
        <dd class="amount">{euros(invoice.patient)}</dd>
      </dl>
    </li>
  );
}
