import { useEffect, useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { CallRefused } from '../../../web/page/access.ts';
import { useLanguage } from '../../../web/page/language.tsx';
import { LiveRegion, StatusLine } from '../../../web/page/status-line.tsx';
import type { ResultBlob } from '../../api/result.ts';
import type { RunDetail } from '../../api/run.ts';
import { isShownHere } from './files.ts';
import { Failure, LabScreen, refusalInWords, type Say, StateMark, useAsked, useWords } from './parts.tsx';
import { ReportFrame } from './report-frame.tsx';
import type { ReportPage } from './report-page.ts';
import { aboveRun } from './run-panel.tsx';
import type { Session } from './session.tsx';

interface FileProps {
  readonly session: Session;
  readonly entered: boolean;
  readonly run: string;
  readonly name: string;
}

/** A report or a trace of a run, made here from its data. */
export function FilePanel({ session: { call }, entered, run, name }: FileProps) {
  const say = useWords();
  const { view, failure } = useAsked<RunDetail>(call, `/v1/runs/${run}`);
  const blob = view?.statement?.blobs.find((each) => each.name === name) ?? null;
  const above =
    view === null
      ? []
      : [
          ...aboveRun(say, view.run),
          { to: { page: 'run', id: run } as const, words: say('run', { number: view.run.number }) },
        ];
  return (
    <LabScreen title={name} entered={entered} above={above}>
      <Failure heard={view !== null} failure={failure} />
      {view === null ? null : (
        <div class="verdict">
          <StateMark state={view.run.state} />
          <p>{say('runsOf', { subject: view.run.subject, suite: view.run.suite })}</p>
        </div>
      )}
      {view === null ? null : blob === null || !isShownHere(blob) ? (
        <p>{say(blob === null ? 'fileUnknown' : 'fileOnlySaved')}</p>
      ) : (
        <Shown call={call} blob={blob} />
      )}
    </LabScreen>
  );
}

type Reading = { readonly page: ReportPage } | { readonly fault: string } | null;

function Shown({ call, blob }: { readonly call: Call; readonly blob: ResultBlob }) {
  const say = useWords();
  const { language } = useLanguage();
  const [reading, setReading] = useState<Reading>(null);
  const { sha256 } = blob;
  useEffect(() => {
    const stop = new AbortController();
    setReading(null);
    read(call, blob, stop.signal)
      .then((page) => setReading({ page }))
      .catch((error: unknown) => {
        if (!stop.signal.aborted) setReading({ fault: faultInWords(say, error) });
      });
    return () => stop.abort();
  }, [call, sha256]);
  if (reading !== null && 'page' in reading) {
    return (
      <>
        {language === 'en' ? null : <p class="hint">{say('reportLanguage')}</p>}
        <ReportFrame page={reading.page} title={blob.name} />
      </>
    );
  }
  return (
    <LiveRegion urgent={reading !== null}>
      <StatusLine tone={reading === null ? 'plain' : 'bad'}>
        {reading === null ? say('reading') : reading.fault}
      </StatusLine>
    </LiveRegion>
  );
}

/** What makes reports of data is fetched when one is asked for. */
async function read(call: Call, blob: ResultBlob, signal: AbortSignal): Promise<ReportPage> {
  const [{ readReport, readTracePage }, pieces] = await Promise.all([
    import('./report-page.ts'),
    call.pieces(`/v1/blobs/${blob.sha256}`, signal),
  ]);
  return blob.role === 'trace' ? readTracePage(blob.name, pieces) : readReport(pieces);
}

const FAULTS = { 'too-large': 'fileTooLarge', 'not-ours': 'fileNotOurs' } as const;

function faultInWords(say: Say, error: unknown): string {
  if (error instanceof CallRefused) return refusalInWords(say, error);
  const code = (error as { code?: unknown }).code;
  return say(code === 'too-large' || code === 'not-ours' ? FAULTS[code] : 'fileNotOurs');
}
