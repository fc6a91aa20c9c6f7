import { useState } from 'preact/hooks';
import type { Call } from '../../../web/page/access.ts';
import { Button } from '../../../web/page/button.tsx';
import { usePolled } from '../../../web/page/polled.ts';
import { Screen } from '../../../web/page/screen.tsx';
import { LiveRegion, StatusLine } from '../../../web/page/status-line.tsx';
import { useAct } from '../act.ts';
import { useFormats, useWords } from '../say.ts';
import type { Activations, ListedCard } from './view.ts';

const EVERY_MS = 3000;
const STATES = {
  pending: 'cardPending',
  active: 'cardActive',
  revoked: 'cardRevoked',
  abandoned: 'cardAbandoned',
} as const;
const REASONS = { replaced: 'whyReplaced', lost: 'whyLost', operator: 'whyOperator' } as const;

/** What was done last, to be said in the language of the moment. */
interface Note {
  readonly words: 'cardEnded' | 'cardOfferAllowed';
  readonly number: number;
  /** Milliseconds since 1970; of no meaning for a card that was ended. */
  readonly until: number;
}

interface CardsPanelProps {
  readonly call: Call;
  readonly refresh: () => void;
}

/** The newest activations, without names: ending a card, and letting its phone ask for its credential again. */
export function CardsPanel({ call, refresh }: CardsPanelProps) {
  const say = useWords();
  const { instant } = useFormats();
  const cards = usePolled<Activations>(call, '/v1/operator/activations', EVERY_MS);
  const [note, setNote] = useState<Note | null>(null);
  const act = useAct(() => {
    cards.refresh();
    refresh();
  });
  const end = ({ id, number }: ListedCard, why: 'lost' | 'operator'): void =>
    act.run(async () => {
      setNote(null);
      await call('POST', `/v1/operator/activations/${id}/revoke`, { why });
      setNote({ words: 'cardEnded', number, until: 0 });
    });
  const allow = ({ id, number }: ListedCard): void =>
    act.run(async () => {
      setNote(null);
      const { until } = await call<{ until: number }>('POST', `/v1/operator/activations/${id}/offer`, {});
      setNote({ words: 'cardOfferAllowed', number, until });
    });
  const inWords = ({ words, number, until }: Note): string =>
    say(words, { number, when: instant(new Date(until).toISOString()) });
  return (
    <Screen title={say('cardsTitle')}>
      <LiveRegion>{note === null ? null : <StatusLine tone="good">{inWords(note)}</StatusLine>}</LiveRegion>
      <LiveRegion urgent>{act.fault === '' ? null : <p class="fault">{act.fault}</p>}</LiveRegion>
      {cards.view?.activations.length === 0 ? <p>{say('cardsNone')}</p> : null}
      <ul class="plain">
        {(cards.view?.activations ?? []).map((card) => (
          <CardItem
            key={card.id}
            card={card}
            busy={act.busy}
            onEnd={(why) => end(card, why)}
            onAllow={() => allow(card)}
          />
        ))}
      </ul>
    </Screen>
  );
}

interface CardItemProps {
  readonly card: ListedCard;
  readonly busy: boolean;
  readonly onEnd: (why: 'lost' | 'operator') => void;
  readonly onAllow: () => void;
}

function CardItem({ card, busy, onEnd, onAllow }: CardItemProps) {
  const say = useWords();
  const { instant } = useFormats();
  const [ending, setEnding] = useState<'lost' | 'operator' | null>(null);
  const { id, number, state, reason, wipe, since } = card;
  const words = { number, state: say(STATES[state]), when: instant(new Date(since).toISOString()) };
  return (
    <li>
      <p>{reason === null ? say('cardIs', words) : say('cardIsBecause', { ...words, reason: say(REASONS[reason]) })}</p>
      <p class="hint">
        <code>{id}</code>
      </p>
      {wipe === 'queued' ? <p class="hint">{say('wipeQueued')}</p> : null}
      {state !== 'active' ? null : ending === null ? (
        <div class="row">
          <Button busy={busy} onPress={onAllow}>
            {say('cardOffer')}
          </Button>
          <Button kind="danger" onPress={() => setEnding('lost')}>
            {say('cardLost')}
          </Button>
          <Button kind="danger" onPress={() => setEnding('operator')}>
            {say('cardEnd')}
          </Button>
        </div>
      ) : (
        <div class="row">
          <LiveRegion urgent>{say('cardEndSure')}</LiveRegion>
          <Button kind="danger" busy={busy} onPress={() => onEnd(ending)}>
            {say('confirm')}
          </Button>
          <Button onPress={() => setEnding(null)}>{say('cancel')}</Button>
        </div>
      )}
    </li>
  );
}
