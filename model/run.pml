/*
 * One run: two workers that crash and take over from each other, MESH with its mailbox, the disk with its drop, and somebody who opts
 * out at any moment. One resident stands for all of them. What is not within one `atomic` may be torn apart by a crash, by the other
 * worker, by MESH or by the person. Each transaction bears the name of the entry that the log then holds.
 *
 * Names that begin with BUG_ plant a bug each. TRACE lets the run follow the entries of a log that the program wrote.
 */
#ifndef IDS
#define IDS 2 /* local ids that the run may use up */
#endif
#ifndef CLAIMS
#define CLAIMS 4 /* how often the right to advance the run is taken: at first, after a crash, or from the other */
#endif

mtype:request = { none, intended, sent, answered, unanswered, voided };
mtype:state = { gated, asked, replied, decided, released, sealed, withheld };
mtype:entry = { request_intended, request_sent, request_voided, request_unanswered, run_asked, message_kept, message_acknowledged,
  answer_understood, answer_late, run_answered, run_decided, decision_withdrawn, run_released, run_sealed, run_withheld, no_entry };

/* The ledger, which survives everything. `writer`: whose transaction is open; 0 for nobody's. */
mtype:state state = gated;
mtype:request request[IDS] = none;
bool kept[IDS], acknowledged[IDS], understood[IDS], cleared[IDS];
bool out; /* an opt-out that the gate may know of */
byte epoch, writer, ids;

/* The disk. */
bool file, manifest;
bool another; /* another resident has opted out late: what was decided is taken back, and decided anew without them */

/* MESH: what it took of us, what lies in our inbox, what it forgets because we acknowledged it; and what the answer says. */
bool taken[IDS], inbox[IDS], gone[IDS], leftOut[IDS];

byte stopped;

#ifdef TRACE
#include "trace.pml"
byte at;
#define TELL(what) told[at] == what; at++
#else
#define TELL(what) skip
#endif

/* One transaction: nobody writes beside it, and whoever was taken over writes nothing. */
#ifdef BUG_STALE
#define MINE true
#else
#define MINE (epoch == me)
#endif
#define BEGIN writer == 0; if :: MINE -> assert(epoch == me) :: else -> goto over fi
#define OVER (state == sealed || state == withheld)
#define LAST (ids - 1)
#define NOBODYS IDS

inline move(what, from, to) { atomic { BEGIN; if :: state == from -> TELL(what); state = to :: else -> skip fi } }
inline withhold() { atomic { BEGIN; if :: state == gated || state == replied -> TELL(run_withheld); state = withheld :: else -> skip fi } }
inline intend() {
  atomic {
    BEGIN;
    if
    :: state == gated && !out && ids < IDS && (ids == 0 || request[LAST] == voided) ->
       TELL(request_intended); request[ids] = intended; mine = ids; ids++
    :: else -> skip
    fi
  }
}

/* What lies in the inbox is kept, then acknowledged at MESH, then told of. */
inline fetch(n) {
  r = n;
#ifdef BUG_ACKNOWLEDGE
  atomic { gone[r] = true; assert(kept[r]) };
#endif
  atomic { BEGIN; if :: !kept[r] -> TELL(message_kept); kept[r] = true :: else -> skip fi };
  atomic { assert(kept[r]); gone[r] = true };
  atomic { BEGIN; if :: !acknowledged[r] -> TELL(message_acknowledged); acknowledged[r] = true :: else -> skip fi }
}

inline understand(n) {
  r = n;
  atomic {
    BEGIN;
    if
    :: understood[r] -> skip
#ifdef BUG_VOID
    :: !understood[r] && (request[r] == sent || request[r] == intended || request[r] == voided) && (state == gated || state == asked) ->
#else
    :: !understood[r] && (request[r] == sent || request[r] == intended) && (state == gated || state == asked) ->
#endif
       TELL(answer_understood); understood[r] = true; request[r] = answered; cleared[r] = !leftOut[r];
#ifdef BUG_VOID
       request[LAST] = answered; cleared[LAST] = cleared[r];
#endif
    :: else -> TELL(answer_late); understood[r] = true
    fi
  }
}

proctype worker() {
  byte me, r, mine; /* `mine`: the local id whose intent this process wrote and has not tried to send */
  bool learnt;

again:
  atomic {
    if
    :: epoch < CLAIMS && !OVER -> writer == 0; epoch++; me = epoch; mine = NOBODYS
    :: else -> stopped++; goto end
    fi
  };
loop:
  do
  /* It dies, and somebody starts it again. */
  :: epoch < CLAIMS -> goto again
  :: OVER || epoch != me -> goto over

  :: state == gated && (ids == 0 || request[LAST] == voided) && ids < IDS && !out -> intend()
  :: state == gated && (ids == 0 || request[LAST] == voided) && (out || ids == IDS) -> withhold()
  :: state == gated && ids > 0 && request[LAST] == intended ->
     r = LAST;
     if
#ifdef BUG_RESEND
     :: true ->
#else
     :: mine == r && !out ->
#endif
        mine = NOBODYS;
        /* The message is taken or not, and we hear of it or not; no local id is ever used twice. Whoever was taken over in between
           sends one that is void by now, for MESH knows nothing of claims: its answer must come to nothing. */
        atomic { assert(!taken[r]); if :: taken[r] = true :: skip fi };
        if :: taken[r] -> learnt = true :: learnt = false fi
     :: mine != r || out -> mine = NOBODYS; learnt = taken[r]
     fi;
     if
     :: learnt -> atomic { BEGIN; if :: request[r] == intended -> TELL(request_sent); request[r] = sent :: else -> skip fi }
     /* MESH does not know its local id: it never arrived, and never will. */
     :: !learnt && !taken[r] ->
        atomic { BEGIN; if :: request[r] == intended -> TELL(request_voided); request[r] = voided :: else -> skip fi }
     :: !learnt && taken[r] -> skip
     fi
  :: state == gated && ids > 0 && (request[LAST] == sent || request[LAST] == answered) -> move(run_asked, gated, asked)

  :: (state == gated || state == asked) && inbox[0] && !gone[0] -> fetch(0)
  :: (state == gated || state == asked) && inbox[1] && !gone[1] -> fetch(1)
  :: kept[0] && !acknowledged[0] -> fetch(0)
  :: kept[1] && !acknowledged[1] -> fetch(1)
  :: acknowledged[0] && !understood[0] -> understand(0)
  :: acknowledged[1] && !understood[1] -> understand(1)

  /* The deadline. */
  :: state == asked && request[LAST] == sent ->
     atomic { BEGIN; if :: request[LAST] == sent -> TELL(request_unanswered); request[LAST] = unanswered :: else -> skip fi }
  :: state == asked && request[LAST] != sent && request[LAST] != intended -> move(run_answered, asked, replied)

#ifdef BUG_SILENCE
  :: state == replied && !out -> move(run_decided, replied, decided)
  :: state == replied && out -> withhold()
#else
  :: state == replied && request[LAST] == answered && cleared[LAST] && !out -> move(run_decided, replied, decided)
  :: state == replied && (request[LAST] != answered || !cleared[LAST] || out) -> withhold()
#endif
  :: state == decided -> goto link
  :: state == released -> move(run_sealed, released, sealed)
  od;

link:
  /* Within one transaction: whoever records a choice, or takes over, waits for its end, or for the death of this worker. */
  atomic {
    BEGIN;
#ifndef BUG_UNLOCKED
    writer = me
#endif
  };
  if :: state != decided -> goto linked :: else -> skip fi;
  if
#ifndef BUG_TWICE
  :: manifest -> skip
#endif
#ifndef BUG_LATE
  :: !manifest && out -> file = false; atomic { TELL(decision_withdrawn); state = replied }; goto linked
  :: !manifest && !another -> file = false; atomic { TELL(decision_withdrawn); another = true; state = replied }; goto linked
  :: !manifest && !out ->
#else
  :: !manifest ->
#endif
#ifdef BUG_TWICE
  :: manifest ->
#endif
#ifdef BUG_MANIFEST
     atomic { assert(file); manifest = true }; file = true;
#else
     file = true;
     if :: epoch < CLAIMS -> goto died :: true fi;
     atomic {
       assert(file && !manifest);
       /* What all of this is about. */
       assert(!out && request[LAST] == answered && taken[LAST] && !leftOut[LAST]);
       manifest = true
     };
#endif
  fi;
  if :: epoch < CLAIMS -> goto died :: true fi;
  atomic { assert(manifest && state == decided); TELL(run_released); state = released };
linked:
  writer = 0;
  goto loop;
died:
  writer = 0;
  goto again;
over:
  goto again;
end:
  skip
}

/* MESH answers what it took, once, when it likes; the national register changes until then. */
proctype mesh() {
end:
  do
  :: taken[0] && !inbox[0] -> atomic { inbox[0] = true; if :: leftOut[0] = true :: skip fi }
  :: taken[1] && !inbox[1] -> atomic { inbox[1] = true; if :: leftOut[1] = true :: skip fi }
  od
}

proctype person() {
  atomic { writer == 0 -> out = true }
}

init {
  atomic { run worker(); run worker(); run mesh(); run person() };
  stopped == 2;
  assert(OVER);
  assert(manifest == (state == sealed));
#ifdef TRACE
  /* Reached, so the log is one that the model can write; the search tells it as an error, which is what is looked for. */
  assert(at != LENGTH)
#endif
}
