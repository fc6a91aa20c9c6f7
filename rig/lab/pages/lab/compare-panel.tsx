import { Choice } from '../../../web/page/field.tsx';
import { useLanguage } from '../../../web/page/language.tsx';
import type { CampaignSummary } from '../../api/campaign.ts';
import type { CampaignComparison, ComparedItem, ComparedTime, Listed } from '../../api/comparison.ts';
import { Failure, LabScreen, Link, useAsked, useWords } from './parts.tsx';
import { stayAt } from './route.ts';
import type { Session } from './session.tsx';

interface CompareProps {
  readonly session: Session;
  readonly entered: boolean;
  readonly first: number | null;
  readonly second: number | null;
}

/** Two campaigns beside each other: what is different in the second, as `lab compare` says it. */
export function ComparePanel({ session: { call }, entered, first, second }: CompareProps) {
  const say = useWords();
  const { view: list, failure: noList } = useAsked<{ campaigns: readonly CampaignSummary[] }>(call, '/v1/campaigns');
  const campaigns = list?.campaigns ?? [];
  const both = first !== null && second !== null;
  const { view, failure } = useAsked<CampaignComparison>(
    call,
    both ? `/v1/compare?first=${first}&second=${second}` : null,
  );
  const options = (chosen: number | null) => [
    ...(chosen === null ? [{ value: '', words: say('chooseCampaign') }] : []),
    // One that is asked for by its address may be older than the list goes.
    ...(chosen === null || campaigns.some(({ id }) => id === chosen)
      ? []
      : [{ value: String(chosen), words: say('campaignNumber', { id: chosen }) }]),
    ...campaigns.map(({ id, name }) => ({ value: String(id), words: say('campaign', { id, name }) })),
  ];
  const number = (value: string): number | null => (value === '' ? null : Number(value));
  return (
    <LabScreen title={both ? say('compareTitle', { first, second }) : say('tabCompare')} entered={entered}>
      <p>{say('compareLead')}</p>
      <div class="filters">
        <Choice
          label={say('compareFirst')}
          value={String(first ?? '')}
          options={options(first)}
          onValue={(value) => stayAt({ page: 'compare', first: number(value), second })}
        />
        <Choice
          label={say('compareSecond')}
          value={String(second ?? '')}
          options={options(second)}
          onValue={(value) => stayAt({ page: 'compare', first, second: number(value) })}
        />
      </div>
      <Failure heard={list !== null && (!both || view !== null)} failure={failure ?? noList} />
      {view === null || second === null || first === null ? null : (
        <Comparison view={view} first={first} second={second} />
      )}
    </LabScreen>
  );
}

const LISTS = [
  ['newFailures', 'failed', 'compareNew'],
  ['mended', 'passed', 'compareMended'],
  ['flaky', 'error', 'compareFlaky'],
] as const;

interface ComparisonProps {
  readonly view: CampaignComparison;
  readonly first: number;
  readonly second: number;
}

function Comparison({ view, first, second }: ComparisonProps) {
  const say = useWords();
  const { compared, ...lists } = view;
  const same = Object.values(lists).every((list: Listed<unknown>) => list.count === 0);
  return (
    <>
      <p class="hint">{say('compareCounts', { ...compared })}</p>
      {same ? <p>{say('compareSame')}</p> : null}
      {LISTS.map(([name, mark, words]) => (
        <Items key={name} title={say(words)} mark={mark} list={view[name]} campaign={second} />
      ))}
      <Times title={say('compareSlower')} list={view.slower} campaign={second} />
      <Times title={say('compareFaster')} list={view.faster} campaign={second} />
      <Items title={say('compareOnly', { id: first })} mark="cancelled" list={view.onlyFirst} campaign={first} />
      <Items title={say('compareOnly', { id: second })} mark="cancelled" list={view.onlySecond} campaign={second} />
    </>
  );
}

const SIGNS = { failed: '✘', passed: '✔', error: '!', cancelled: '–' } as const;

interface ItemsProps {
  readonly title: string;
  readonly mark: keyof typeof SIGNS;
  readonly list: Listed<ComparedItem>;
  readonly campaign: number;
}

function Items({ title, mark, list: { count, first }, campaign }: ItemsProps) {
  if (count === 0) return null;
  return (
    <section class="compared">
      <h3>
        <span class={`mark ${mark}`}>
          <span aria-hidden="true">{SIGNS[mark]}</span> {count}
        </span>{' '}
        {title}
      </h3>
      <ul class="plain">
        {first.map((item) => (
          <li key={JSON.stringify(item)}>
            <Place item={item} campaign={campaign} isCase />
          </li>
        ))}
      </ul>
      <Rest count={count} listed={first.length} />
    </section>
  );
}

interface TimesProps {
  readonly title: string;
  readonly list: Listed<ComparedTime>;
  readonly campaign: number;
}

function Times({ title, list: { count, first }, campaign }: TimesProps) {
  const { language } = useLanguage();
  if (count === 0) return null;
  return (
    <section class="compared">
      <h3>
        <span class="mark queued">{count}</span> {title}
      </h3>
      <ul class="plain">
        {first.map((item) => (
          <li key={JSON.stringify([item.subject, item.suite, item.of])}>
            <Place item={item} campaign={campaign} />{' '}
            <span class="amount">{ratioInWords(item.effect.ratio, language)}</span>
          </li>
        ))}
      </ul>
      <Rest count={count} listed={first.length} />
    </section>
  );
}

function Rest({ count, listed }: { readonly count: number; readonly listed: number }) {
  const say = useWords();
  return count > listed ? <p class="hint">{say('andMore', { count: count - listed })}</p> : null;
}

interface PlaceProps {
  readonly item: ComparedItem;
  readonly campaign: number;
  /** Whether it is a case, which has its runs; else a figure. */
  readonly isCase?: boolean;
}

function Place({ item: { subject, suite, of }, campaign, isCase = false }: PlaceProps) {
  const say = useWords();
  return (
    <>
      <Link to={{ page: 'runs', campaign, subject, suite, state: null, after: 0 }}>{`${subject} × ${suite}`}</Link>
      {of === null ? null : (
        <>
          {' '}
          {isCase ? (
            <Link
              to={{ page: 'case', id: of, campaign, from: campaign, after: null }}
              label={say('caseTo', { id: of })}
            >
              <code>{of}</code>
            </Link>
          ) : (
            <code>{of}</code>
          )}
        </>
      )}
    </>
  );
}

/** `+8.4 % (+7.1 % … +9.8 %)`. */
function ratioInWords({ value, low, high }: ComparedTime['effect']['ratio'], language: string): string {
  const format = new Intl.NumberFormat(language, {
    style: 'percent',
    maximumFractionDigits: 1,
    signDisplay: 'exceptZero',
  });
  const bound = (each: number | null): string => (each === null ? '∞' : format.format(each - 1));
  return `${format.format(value - 1)} (${bound(low)} … ${bound(high)})`;
}
