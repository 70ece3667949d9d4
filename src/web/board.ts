import type { StatusView } from '../domain/view/status-view.ts';
import type { Prepared } from './prepared.ts';

/** One state of what there is to see; answers made from it are kept with it. */
export type Edition = {
  readonly no: number;
  readonly view: StatusView;
  readonly answers: Map<string, Promise<Prepared>>;
  /** Those to questions that readers make up themselves: however many, they push out none that all look at. */
  readonly asked: Map<string, Promise<Prepared>>;
};

export type Board = {
  /** The edition to answer with. Rejects if the store does. */
  readonly read: () => Promise<Edition>;
  /** Tells that the store has something new. Cheap; nothing is read before somebody looks. */
  readonly changed: () => void;
};

/** Rows gather for as long before they are stored: an edition sooner would say the same. */
const MIN_AGE_MS = 2_000;
/** Without any news the page still has to notice that nothing comes in any more. */
const MAX_AGE_MS = 5_000;
/** Preparing takes at most one part in this many of the time, however much there is to prepare. */
const REST = 19;
/** Who would have to wait longer than this is given the last edition instead, unless it is this old. */
const PATIENCE_MS = 20;
const STALE_MS = 10_000;
const KEPT_ANSWERS = 64;

/**
 * Prepares an edition when somebody looks, at most every two seconds, and never two at once. Where preparing takes long,
 * readers get the last edition meanwhile, as long as it is of the last seconds.
 */
export function createBoard(clock: () => number, readView: (now: number) => Promise<StatusView>): Board {
  let edition: Edition | null = null;
  let preparing: Promise<Edition> | null = null;
  let isDirty = true;
  let preparedAt = 0;
  let costMs = 0;

  const isFit = (now: number): boolean => {
    const age = now - preparedAt;
    // A clock that went back must not freeze the page.
    if (edition === null || age < 0) return false;
    // What is not whole grows as fast as it may.
    if (!edition.view.isHourRead) return age < MIN_AGE_MS;
    if (age < Math.max(MIN_AGE_MS, costMs * REST)) return true;
    return !isDirty && age < MAX_AGE_MS;
  };

  const prepareEdition = async (now: number): Promise<Edition> => {
    isDirty = false;
    try {
      const view = await readView(now);
      edition = { no: (edition?.no ?? 0) + 1, view, answers: new Map(), asked: new Map() };
      return edition;
    } catch (error) {
      isDirty = true;
      edition = null;
      throw error;
    } finally {
      preparedAt = clock();
      costMs = Math.max(0, preparedAt - now);
      preparing = null;
    }
  };

  return {
    read: async () => {
      const now = clock();
      if (edition !== null && isFit(now)) return edition;
      preparing ??= prepareEdition(now);
      const age = now - preparedAt;
      if (edition !== null && costMs > PATIENCE_MS && age >= 0 && age < STALE_MS) {
        // Whoever asks next is told of the failure: there is no edition any more.
        preparing.catch(() => undefined);
        return edition;
      }
      return preparing;
    },
    changed: () => {
      isDirty = true;
    },
  };
}

/**
 * The answer of an edition under a name, made if it is not there; whoever asks while it is being made waits for the same one. Of
 * many, the one that was asked for longest ago gives way, and one that could not be made is forgotten.
 */
export function answerOf(
  answers: Edition['answers'],
  name: string,
  make: () => Prepared | Promise<Prepared>,
): Promise<Prepared> {
  const known = answers.get(name);
  const answer = known ?? Promise.try(make);
  answers.delete(name);
  answers.set(name, answer);
  if (known !== undefined) return known;
  const oldest = answers.size > KEPT_ANSWERS ? answers.keys().next().value : undefined;
  if (oldest !== undefined) answers.delete(oldest);
  answer.catch(() => {
    if (answers.get(name) === answer) answers.delete(name);
  });
  return answer;
}
