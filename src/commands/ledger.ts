import { type Command, Option } from 'commander';
import {
  CLAIM_STATES,
  type ClaimState,
  correctionOf,
  entryWord,
  type LedgerEntry,
  movesAfter,
  standingOf,
  takesBack,
} from '../domain/report/ledger.ts';
import { minuteUtc } from '../domain/wording.ts';
import type { Store } from '../store/store.ts';
import { userOf } from './ack.ts';
import { openData, openDataToRead } from './open-data.ts';
import { OperatorError, type World } from './world.ts';

type Options = {
  readonly mark?: ClaimState;
  readonly withdraw?: boolean;
  readonly correct?: boolean;
  readonly amount?: string;
  readonly by?: string;
  readonly note: string;
  readonly data: string;
  readonly json?: boolean;
};

/** `probity ledger`: what was owed, claimed, credited and denied. */
export function registerLedger(program: Command, world: World): void {
  program
    .command('ledger')
    .description('show what became of each claim, move one on, or correct a frozen report')
    .argument('[period]', 'e.g. 2026-10')
    .argument('[contract]', 'the id of the contract')
    .addOption(new Option('--mark <state>', 'the new state of the claim').choices([...CLAIM_STATES]))
    .addOption(
      new Option('--withdraw', 'the report does not hold: it stays, and says so').conflicts([
        'mark',
        'correct',
        'amount',
      ]),
    )
    .addOption(new Option('--correct', 'another --amount is owed than the report says').conflicts('mark'))
    .option('--amount <decimal>', 'what was claimed, credited or is owed, in the contract’s currency')
    .option('--by <name>', 'who did it; the user of this shell unless given')
    .option('--note <text>', 'why, or under which reference; of a correction everybody may read it', '')
    .option('--data <dir>', 'where everything measured is kept', 'data')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  probity ledger
  probity ledger 2026-10 pro-channel --mark claimed --by ada --note "case 4711"
  probity ledger 2026-10 pro-channel --mark credited --amount 1200.00
  probity ledger 2026-10 pro-channel --withdraw --note "our clock was a month ahead"
  probity ledger 2026-10 pro-channel --correct --amount 900.00 --note "two hours had been announced"`,
    )
    .action((period: string | undefined, contract: string | undefined, options: Options) =>
      ledger(period, contract, options, world),
    );
}

async function ledger(
  period: string | undefined,
  contract: string | undefined,
  options: Options,
  world: World,
): Promise<void> {
  const changes = options.mark !== undefined || options.withdraw === true || options.correct === true;
  const store = changes ? openData(options.data) : openDataToRead(options.data);
  try {
    if (changes) {
      if (period === undefined || contract === undefined) {
        throw new OperatorError('name the period and the contract of the report');
      }
      if (options.mark === undefined) await correct(store, contract, period, options, world);
      else await mark(store, contract, period, options.mark, options, world);
      return;
    }
    const unused = ['amount', 'by'].find((name) => options[name as 'amount' | 'by'] !== undefined);
    if (unused !== undefined || options.note !== '') {
      throw new OperatorError(
        `--${unused ?? 'note'} changes nothing by itself; add --mark, --correct or --withdraw`,
      );
    }
    const entries = await store.readLedger({
      ...(period === undefined ? {} : { period }),
      ...(contract === undefined ? {} : { contract }),
    });
    world.out(options.json === true ? `${JSON.stringify(entries, null, 2)}\n` : ledgerText(entries, period));
  } finally {
    await store.close();
  }
}

async function mark(
  store: Store,
  contract: string,
  period: string,
  state: ClaimState,
  options: Options,
  world: World,
): Promise<void> {
  if (options.amount !== undefined && !/^\d+(\.\d+)?$/.test(options.amount)) {
    throw new OperatorError(`--amount: expected a decimal such as 1200.00, found ${options.amount}`);
  }
  const entries = await store.readLedger({ contract, period });
  const standing = standingOf(entries);
  if (standing === null) throw new OperatorError(`there is no report of ${period} for contract ${contract}`);
  const correction = correctionOf(entries);
  const isWithdrawn = correction?.kind === 'withdrawn';
  const moves = movesAfter(entries);
  if (!moves.includes(state)) {
    throw new OperatorError(
      isWithdrawn
        ? `the report was withdrawn, "${correction.reason}": nothing is claimed from it. If it holds after all, take that back with --mark ready; if another amount is owed, use --correct --amount`
        : `the claim is "${standing.state}": from there it can become ${moves.join(' or ')}`,
    );
  }
  const at = world.now();
  const added = await store.addLedgerEntry(
    {
      contract,
      period,
      kind: 'state',
      state,
      amount: options.amount ?? null,
      currency: standing.last.currency,
      at,
      who: options.by ?? userOf(world),
      note: options.note,
      key: `state:${contract}:${period}:${standing.last.no}`,
    },
    standing.last.no,
  );
  if (!added) throw new OperatorError('somebody else moved the claim just now; look at it again');
  world.out(`${contract} ${period}: ${standing.state} → ${state}\n`);
  const after = await store.readLedger({ contract, period });
  if (takesBack(after)) {
    world.err(
      'the withdrawal is taken back: the report holds again, and whoever reads statements is mailed\n',
    );
  }
  world.err(`from there it can become ${movesAfter(after).join(' or ')}\n`);
}

/** Adds what somebody says of a frozen report: that it does not hold, or that another amount is owed. */
async function correct(
  store: Store,
  contract: string,
  period: string,
  { withdraw, amount, note, by }: Options,
  world: World,
): Promise<void> {
  const isWithdrawn = withdraw === true;
  if (note.trim() === '')
    throw new OperatorError('--note: say why; everybody who reads the report will see it');
  if (!isWithdrawn && (amount === undefined || !/^\d+(\.\d+)?$/.test(amount))) {
    throw new OperatorError(
      `--amount: expected a decimal such as 900.00, or 0 for nothing, found ${amount ?? 'none'}`,
    );
  }
  const standing = standingOf(await store.readLedger({ contract, period }));
  if (standing === null) throw new OperatorError(`there is no report of ${period} for contract ${contract}`);
  const isMoved = standing.state !== 'no claim' && standing.state !== 'ready';
  const isReceived = standing.state === 'credited';
  const owed: ClaimState = isMoved ? standing.state : 'ready';
  const isNothing = isWithdrawn || !/[1-9]/.test(amount ?? '');
  // What was received stays received until somebody says that it was paid back.
  const state: ClaimState = isNothing && !isReceived ? 'no claim' : owed;
  const added = await store.addLedgerEntry(
    {
      contract,
      period,
      kind: 'correction',
      state,
      amount: isWithdrawn ? null : (amount ?? null),
      currency: standing.last.currency,
      at: world.now(),
      who: by ?? userOf(world),
      note,
      key: `corrected:${contract}:${period}:${standing.last.no}`,
    },
    standing.last.no,
  );
  if (!added) throw new OperatorError('somebody else changed the ledger just now; look at it again');
  const what = isWithdrawn ? 'withdrawn' : `corrected to ${amount} ${standing.last.currency ?? ''}`.trim();
  world.out(`${contract} ${period}: ${what}; the claim is "${state}"\n`);
  if (isReceived) {
    const sum =
      standing.amount === null ? '' : ` ${standing.amount} ${standing.last.currency ?? ''}`.trimEnd();
    world.err(
      `what was credited${sum} stays in the sums of the year; if it is paid back: --mark "no claim"\n`,
    );
  }
  if (isMoved && state !== standing.state) {
    world.err(`the claim was "${standing.state}": tell the provider, Probity does not\n`);
  }
  world.err('the frozen report stays as it is; its pages say so, and whoever reads statements is mailed\n');
}

function ledgerText(entries: readonly LedgerEntry[], period: string | undefined): string {
  if (entries.length === 0) {
    return period === undefined
      ? 'the ledger is empty\n'
      : 'the ledger has nothing of that period and contract\n';
  }
  const byReport = Map.groupBy(entries, ({ contract, period }) => `${period}  ${contract}`);
  const blocks = [...byReport].map(([name, own]) => {
    const standing = standingOf(own);
    const worth =
      standing?.amount == null ? '' : `  ${standing.amount} ${own.at(-1)?.currency ?? ''}`.trimEnd();
    const lines = own.map((entry) => {
      const amount = entry.amount === null ? '' : `  ${entry.amount} ${entry.currency ?? ''}`.trimEnd();
      const note = entry.note === '' ? '' : `: ${entry.note}`;
      return `    ${minuteUtc(entry.at)}  ${entryWord(entry)}${amount}  ${entry.who ?? 'Probity'}${note}`;
    });
    return [`${name}  ${standing?.state ?? ''}${worth}`, ...lines].join('\n');
  });
  return `${blocks.join('\n')}\n`;
}
