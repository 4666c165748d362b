----------------------- MODULE TraceWorkflowManager -----------------------
(***************************************************************************)
(* Whether what the code did is a behaviour of WorkflowManager.            *)
(*                                                                         *)
(* A trace is what was seen of one workflow in one run: who asked what,    *)
(* what the ports of the operations were asked and answered, what the bus  *)
(* delivered, and what the stores held at the end. Each line is one step   *)
(* of the specification, or says something of its state. Between two lines *)
(* the effects that are in flight may take place: a line says when a call  *)
(* of a port began and when it was answered, and what it asked for         *)
(* happened in between; when it was not answered, some time or never. So   *)
(* TLC looks for one order of the effects that explains all lines.         *)
(*                                                                         *)
(* One workflow is enough: no step of the specification of one workflow    *)
(* asks for anything of another, so a behaviour of several is one of each. *)
(* That entries of one PutEvents call wait for one another only takes      *)
(* behaviours away.                                                        *)
(*                                                                         *)
(* Two things a line cannot know when it is written, and says nevertheless *)
(* because the recording is read when it is over: what a call did after it *)
(* had read (`then`), and whether a refusal without an answer was kept.    *)
(* They save TLC from following what did not happen.                       *)
(*                                                                         *)
(* A turn of a recovery that does something is a recovery of its own: in   *)
(* the specification one may look again at any time, and what a turn left  *)
(* behind may still happen while the next one is at work. Turns that may   *)
(* append the same version (`e`) made it together: it is there once.       *)
(*                                                                         *)
(* What only happens where a version was made unreadable, a line says in   *)
(* fields and lines of its own (`base`, `resumes`, `harm`, `back-begun`,   *)
(* `back`); without them it says that nothing of the kind happened.        *)
(***************************************************************************)
EXTENDS WorkflowManager, Integers, TLC

CONSTANTS
    Traces,     \* what was recorded: a sequence of [summary, lines]
    Explaining  \* whether to print how far a trace is explained

VARIABLES
    run,        \* which trace
    at,         \* its next line
    flying      \* calls of ports that were begun and whose effect is outstanding: <<who, what>>

traceVars == <<run, at, flying>>

W == CHOOSE w \in Workflows : TRUE

Call(i) == <<"call", i>>
Publisher(i) == <<"publisher", i>>
Subscriber(i) == <<"subscriber", i>>
Recovery(i) == <<"recovery", i>>    \* the i-th turn of all recoveries
Person(i) == <<"person", i>>        \* the i-th release
Back(i) == <<"back", i>>            \* the i-th time that a release takes the index back
Change(k) == <<"change", k>>         \* what the stream shows of the k-th alteration

(* What the longest trace has. *)
Most(lengths) == CHOOSE n \in lengths : \A other \in lengths : other <= n
Summaries     == {Traces[i].summary : i \in 1..Len(Traces)}

TraceCalls == {Call(i) : i \in 1..Most({Len(summary.calls) : summary \in Summaries} \cup {1})}
TracePublishers == {Publisher(i) : i \in 1..Most({Len(summary.publishers) : summary \in Summaries} \cup {1})}
TraceSubscribers == {Subscriber(1)}
TraceRecoveries == {Recovery(i) : i \in 1..Most({Len(summary.turns) : summary \in Summaries} \cup {1})}
TraceShows == TRUE
TraceDemanded == {"COMPLETED"}    \* so the rules of a recorded run do
TraceAlterations == Most({Len(summary.alterations) : summary \in Summaries})
TraceFresh(r, w) == r    \* a turn appends once
NoPast == [w \in Workflows |-> << >>]

Summary == Traces[run].summary
Info(c) == Summary.calls[c[2]]
Lines   == Traces[run].lines
Line    == Lines[at]
Turn(r) == Summary.turns[r[2]]
Released(p)  == Summary.releases[p[2]]

SetOf(list) == {list[i] : i \in 1..Len(list)}

(* Whose doing a line is. *)
Who ==
    CASE Line.by = "call"      -> Call(Line.x)
      [] Line.by = "turn"      -> Recovery(Line.x)
      [] Line.by = "publisher" -> Publisher(Line.x)
      [] Line.by = "person"    -> Person(Line.x)

(* Whether an id is that of an event: nothing's, a call's, or that of turns that made it together. *)
Is(id, e) ==
    CASE e = 0 -> id = Genesis
      [] e > 0 -> id = Call(e)
      [] OTHER -> \E i \in 1..Len(Summary.turns) : Summary.turns[i].e = -e /\ id = Recovery(i)

-----------------------------------------------------------------------------
(* What a call decides from what it reads. *)

(* Requests with one idempotency key are one request of the specification: the key of the first that came as far as to
   append. Else a request that has two effects would pass for two requests. *)
Before(c) == {d \in {Call(i) : i \in SetOf(Info(c).same)} : "put" \in DOMAIN work[d]}
KeyOf(c)  == IF Before(c) = {} THEN c ELSE work[CHOOSE d \in Before(c) : TRUE].put.version.key

(* CreateWorkflow(c), RequestStateTransition(c), AmendWorkflow(c) and SignWorkflow(c) with the request that was made, which
   is one of Requests, of AmendmentRequests or of SignatureRequests. *)
Wanted(c) ==
    LET changes     == Info(c).change # ""
        named(kind) == [w |-> W, kind |-> kind, to |-> Info(c).to, changes |-> changes, key |-> KeyOf(c)]
        amendment   == [w |-> W, changes |-> changes, key |-> KeyOf(c)]
        signature   == [w |-> W, named |-> Info(c).names, key |-> KeyOf(c)]
    IN  CASE Info(c).kind = "create" -> named("WorkflowCreated")
          [] Info(c).kind = "amend"  -> Amendment(amendment, NewestSeen(c, W))
          [] Info(c).kind = "sign"   -> SignatureOf(signature, NewestSeen(c, W))
          [] OTHER                   -> named(Moved)

Repeats(put, q) ==
    /\ put.version.key = q.key /\ put.version.kind = q.kind
    /\ q.kind \notin Keeping => put.version.to = q.to
    /\ q.kind = Signed => NamedBy(put) = q.named

Decide(c) ==
    LET create == Info(c).kind = "create"
        q      == Wanted(c)
    IN
    /\ \A d \in Before(c) : Repeats(work[d].put, q) /\ Info(d).change = Info(c).change
    /\ q.kind \notin Keeping => q.to \in Targets
    /\ Decides(c, IF create THEN CreationOutcomes(q, c)
                  ELSE TransitionOutcomes(q, c, NewestSeen(c, W), RecordSeen(c, W)))
    /\ work'[c].at = Info(c).then

-----------------------------------------------------------------------------
(* What happens between two lines. *)

(* A read sees the log as it is at some moment between its beginning and its end; so does the read of the record of
   quarantines that is made beside it, and either may come first. *)
BaseSeen(c) == IF "base" \in DOMAIN Info(c) THEN Info(c).base ELSE Info(c).n
SeesNewest(c) ==
    /\ Len(log[W]) = Info(c).n
    /\ Base(W, Info(c).n) = BaseSeen(c)
    /\ Is(IdAt(W, BaseSeen(c)), Info(c).e)
SeesRecord(found, released) ==
    Cardinality(quarantine[W].found) = found /\ Cardinality(quarantine[W].released) = released

Look(c) ==
    LET left == {f \in flying : f[1] = c /\ f[2] \in {"read", "record"}} IN
    /\ left # {}
    /\ <<c, "read">> \in left => SeesNewest(c)
    /\ <<c, "record">> \in left => SeesRecord(Info(c).found, Info(c).released)
    /\ IF Info(c).kind = "look" THEN UNCHANGED vars ELSE Decide(c)
    /\ flying' = flying \ left

SeeFirst(c) ==
    /\ {<<c, "read">>, <<c, "record">>} \subseteq flying
    /\ LookAhead(c, W)
    /\ IF "record" \in DOMAIN work'[c]
       THEN SeesRecord(Info(c).found, Info(c).released) /\ flying' = flying \ {<<c, "record">>}
       ELSE SeesNewest(c) /\ flying' = flying \ {<<c, "read">>}

Commit(c) ==
    /\ <<c, "append">> \in flying
    /\ AppendUnheard(c)
    /\ flying' = flying \ {<<c, "append">>}

(* The entry of a call in flight. That the bus has the event already would change nothing, unless it is said next. *)
Take(p) ==
    /\ <<p, "put">> \in flying
    /\ \/ Event(W, carry[p][W].next) \notin bus
       \/ Line.what = "put-taken" /\ Who = p
    /\ EntryAccepted(p, W)
    /\ UNCHANGED flying

Advance(p) ==
    /\ <<p, "advance">> \in flying
    /\ index[W].version < carry[p][W].done
    /\ IndexAdvanced(p, W)
    /\ flying' = flying \ {<<p, "advance">>}

(* Who publishes reads what is next in the log at some time before it puts that, and not when it has read the index.
   So it does with the record of quarantines. *)
Fetch ==
    \E k \in Carriers :
        /\ W \in DOMAIN carry[k]
        /\ <<k, "put">> \notin flying /\ carry[k][W].entry \in {"open", "end", "dead"}
        /\ \E back \in {carry[k][W].back, HeldBack(W, carry[k][W].told, carry[k][W].last)} :
            LET lane  == carry[k][W]
                again == Reading(W, lane.told, lane.done, lane.last, back)
            IN  again # lane /\ carry' = [carry EXCEPT ![k][W] = again]
        /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, work, latePuts, lateEntries, applied, held>>
        /\ UNCHANGED <<calm, flying>>

(* A turn of a recovery looks, and finds a failed workflow to bring back at this version, or events to publish from
   here to there. A turn that did not come to its end does not tell how far it was to go. *)
LookAfter(r) ==
    /\ <<r, "look">> \in flying
    /\ IF Turn(r).does = "publish"
       THEN /\ Republish(r, W)
            /\ carry'[r][W].next = Turn(r).version + 1
            /\ IF Turn(r).arrived = 0 THEN carry'[r][W].last >= Turn(r).past ELSE carry'[r][W].last = Turn(r).arrived
       ELSE BringBack(r, W) /\ Len(log[W]) = Turn(r).version
    /\ flying' = flying \ {<<r, "look">>}

AssessFirst(r) == <<r, "look">> \in flying /\ Summary.alterations # << >> /\ AssessWorkflow(r, W) /\ UNCHANGED flying

(* A break is known by the version and the number of the alteration that left it. *)
Has(breaks, x) == \E b \in breaks : b[1] = x.version /\ b[2] = x.content

Quarantine(r) ==
    /\ <<r, "quarantine">> \in flying
    /\ QuarantineWorkflow(r, W)
    /\ Has(quarantine'[W].found, Turn(r))
    /\ flying' = flying \ {<<r, "quarantine">>}

Release(p) ==
    /\ <<p, "release">> \in flying
    /\ ReleaseWorkflow(W)
    /\ quarantine'[W].released = quarantine[W].released \cup quarantine'[W].named
    /\ quarantine'[W].named \ quarantine[W].named = {b \in InForce(W) : b[1] = Released(p).version /\ b[2] = Released(p).content}
    /\ flying' = flying \ {<<p, "release">>}

TakeBack(p) ==
    /\ <<p, "back">> \in flying
    /\ TakeIndexBack(W)
    /\ flying' = flying \ {<<p, "back">>}

ShowChange(c) ==
    /\ <<c, "show">> \in flying
    /\ PublisherSeesChange(W)
    /\ \E b \in quarantine'[W].found \ quarantine[W].found : b[2] = Told(c[2])
    /\ flying' = flying \ {<<c, "show">>}

Between ==
    /\ at <= Len(Lines)
    /\ UNCHANGED <<run, at>>
    /\ \/ \E f \in flying :
            \/ Look(f[1]) \/ SeeFirst(f[1]) \/ Commit(f[1]) \/ Take(f[1]) \/ Advance(f[1])
            \/ LookAfter(f[1]) \/ AssessFirst(f[1]) \/ Quarantine(f[1]) \/ Release(f[1]) \/ TakeBack(f[1])
            \/ ShowChange(f[1])
       \/ Fetch
       \/ AppendLate /\ UNCHANGED flying
       \/ EntryLate /\ UNCHANGED flying

-----------------------------------------------------------------------------
(* The lines. *)

Begin(who, what) == flying' = flying \cup {<<who, what>>}
End(who, what)   == flying' = flying \ {<<who, what>>}
Says(holds)      == holds /\ UNCHANGED vars

(* A signature of a version is known by what it vouches for: one goes on from each version. *)
Tells(version, signatures) ==
    /\ Cardinality(version.signatures) = Cardinality(signatures)
    /\ \A s \in version.signatures : \E said \in signatures :
            said.version = s.version /\ said.current = s.current /\ Is(s.id, said.hash)

AppendBegins(c) ==
    LET put == work[c].put IN
    /\ work[c].at = "append"
    /\ Says(/\ put.n = Line.version
            /\ put.version.id = c
            /\ put.version.from = Line.from
            /\ put.version.to = Line.to
            /\ put.version.kind = Line.event_type
            /\ put.version.previous = Line.previous
            /\ put.version.since = Line.since
            /\ {Info(d).change : d \in put.version.data} = SetOf(Line.data)
            /\ Tells(put.version, SetOf(Line.signatures))
            /\ Is(put.version.prev, Line.previous_hash)
            /\ put.version.resumes = IF "resumes" \in DOMAIN Line THEN Line.resumes ELSE << >>)

(* What the caller is answered is what became of its call. *)
Answers(c) ==
    CASE Line.answer = "accepted" -> work[c].at = "accepted" /\ work[c].put.n = Line.version
      [] Line.answer = "standing" -> <<c, "read">> \notin flying /\ BaseSeen(c) = Line.version
      [] Line.answer = "conflict" -> work[c].at = "conflict" /\ Line.version <= Len(log[W])
      [] Line.answer = "not-found" -> IF Info(c).kind = "look" THEN Info(c).n = 0 ELSE work[c].at = "not-found"
      [] Line.answer = "storage-unavailable" -> work[c].at \in {"unavailable", "unknown"}
      [] Line.answer = "rules-unavailable" -> work[c].at = "unavailable"
      [] OTHER -> work[c].at = Line.answer

(* From this version on the log has these. *)
Holds(v, s) == \A i \in 1..Len(s) : v + i - 1 <= Len(log[W]) /\ Is(log[W][v + i - 1].id, s[i])

(* A creation that finds the workflow there is answered from what it read: its append would have been refused. *)
MeetsItself(c) == Line.x > 0 /\ Info(c).kind = "create" /\ Info(c).then = "append" /\ ~Info(c).appends

CallExplained(c) ==
    CASE Line.what = "asked"           -> Decide(c) /\ UNCHANGED flying
      [] Line.what = "read-begun"      -> Says(TRUE)
                                          /\ flying' = flying \cup ({<<c, "read">>} \cup
                                                 (IF Info(c).beside THEN {<<c, "record">>} ELSE {}))
      [] Line.what = "read"            -> Says(<<c, "read">> \notin flying) /\ UNCHANGED flying
      [] Line.what = "record-read"     -> Says(<<c, "record">> \notin flying) /\ UNCHANGED flying
      [] Line.what = "append-begun"    -> AppendBegins(c) /\ Begin(c, "append")
      [] Line.what = "appended"        -> /\ IF <<c, "append">> \in flying THEN AppendCommitted(c) ELSE AppendRefused(c)
                                          /\ work'[c].at = "accepted" /\ work'[c].put.version.id = c
                                          /\ End(c, "append")
      [] Line.what = "append-taken"    -> /\ <<c, "append">> \in flying
                                          /\ AppendRefused(c)
                                          /\ Is(log[W][work[c].put.n].id, Line.event_id) /\ ~Is(c, Line.event_id)
                                          /\ End(c, "append")
      [] Line.what = "append-unknown"  -> AppendAbandoned(c) /\ End(c, "append")
      [] Line.what = "refusal-kept"    -> RecordRefusal(c) /\ UNCHANGED flying
      \* It is not known to be kept, or its caller was killed before it knew.
      [] Line.what \in {"refusal-begun", "refusal-unknown"}
                                       -> RefusalUnheard(c) /\ (c \in refusals' <=> Line.kept) /\ UNCHANGED flying
      [] Line.what = "responded"       -> Says(Answers(c)) /\ UNCHANGED flying

(* An index that says this, or did before a release took it back. *)
Said(v) == v \in MayHaveSaid(W)

PutBegins(p) ==
    /\ W \in DOMAIN carry[p]
    /\ carry[p][W].next = Line.version /\ carry[p][W].entry = "open"
    /\ Line.version <= Len(log[W]) /\ Is(log[W][Line.version].id, Line.event_id)
    /\ UNCHANGED vars

(* EntryRefusedForGood and PutAnswered in one step. What the SDK sent before, without an answer, may be on the bus, or come
   late. *)
PutUnwanted(p) ==
    /\ carry[p][W].entry \in {"open", "accepted"}
    /\ lateEntries' = lateEntries \cup {Event(W, carry[p][W].next)}
    /\ carry' = [carry EXCEPT ![p][W].entry = "dead"]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, work, latePuts, applied, held, calm>>

(* One who brings events to the bus and moves the index: a publisher, or a turn of a recovery. A refused entry may be on
   the bus: the SDK tries a call again whose answer it did not get. *)
CarrierExplained(p) ==
    CASE Line.what = "put-begun"       -> PutBegins(p) /\ Begin(p, "put")
      [] Line.what = "put-taken"       -> carry[p][W].entry = "accepted" /\ PutAnswered(p) /\ End(p, "put")
      [] Line.what = "put-unknown"     -> PutUnheard(p) /\ End(p, "put")
      [] Line.what = "put-unwanted"    -> PutUnwanted(p) /\ End(p, "put")
      [] Line.what = "advance-begun"   -> /\ W \in DOMAIN carry[p]
                                          /\ carry[p][W].done = Line.version /\ carry[p][W].told < Line.version
                                          /\ UNCHANGED vars
                                          /\ Begin(p, "advance")
      [] Line.what = "advanced"        -> /\ IF <<p, "advance">> \in flying THEN IndexAdvanced(p, W) ELSE UNCHANGED vars
                                          /\ End(p, "advance")
      [] Line.what = "advance-unknown" -> UNCHANGED <<vars, flying>>

PublisherExplained(p) ==
    CASE Line.what = "index-read" ->
            /\ IF Line.version >= Line.last
               THEN Says(Said(Line.version))
               ELSE PublishEvents(p, W) /\ carry'[p][W].told = Line.version /\ carry'[p][W].last = Line.last
            /\ UNCHANGED flying
      [] Line.what = "quarantine-begun" ->
            Says(\E x \in Shown(W) : x[2] = Line.version /\ Told(x[3]) = Line.content) /\ Begin(Change(Line.x), "show")
      [] Line.what = "quarantined" ->
            Says(\E b \in quarantine[W].found : b[2] = Told(Line.x)) /\ End(Change(Line.x), "show")
      \* Without an answer it may be there still, or come late.
      [] Line.what = "quarantine-unknown" -> UNCHANGED <<vars, flying>>
      [] Line.what = "answered" -> carry[p][W].entry \in {"end", "dead"} /\ AnswerBatch(p) /\ UNCHANGED flying
      [] OTHER -> CarrierExplained(p)

(* What an entry of the record of quarantines is about. Without an answer it may be there still, or come late. *)
EntryThere(what, there, entry) == Says(Has(there, entry)) /\ End(Who, what)

TurnExplained(r) ==
    \* Whoever reads the index sees at most what it says now; an entry that is put in order says no less.
    CASE Line.what = "index-read"      -> Says(Said(Line.version))
                                          /\ flying' = flying \cup {<<Recovery(i), "look">> : i \in SetOf(Line.looking)}
      \* It asks the rules about a newer version of the failed workflow than was assessed.
      [] Line.what = "read-begun"      -> Says(TRUE)
                                          /\ flying' = flying \cup {<<Recovery(i), "look">> : i \in SetOf(Line.looking)}
      [] Line.what = "repaired"        -> Says(Said(Line.version)) /\ UNCHANGED flying
      [] Line.what = "rules-allow"     -> RecoveryAllowed(r) /\ UNCHANGED flying
      [] Line.what = "rules-deny"      -> RecoveryDenied(r) /\ UNCHANGED flying
      \* A no of the rules to a recovery is in the log once that was answered.
      [] Line.what = "refusal-kept"    -> Says(Line.kept) /\ UNCHANGED flying
      [] Line.what = "append-begun"    -> AppendBegins(r) /\ Begin(r, "append")
      \* It is there once, by this turn or by an earlier one whose append it repeats.
      [] Line.what = "appended"        -> /\ AppendCommitted(r) \/ AppendRefused(r)
                                          /\ Is(log'[W][work[r].put.n].id, -Turn(r).e)
                                          /\ End(r, "append")
      [] Line.what = "append-taken"    -> /\ AppendRefused(r)
                                          /\ Is(log[W][work[r].put.n].id, Line.event_id) /\ Line.event_id # -Turn(r).e
                                          /\ End(r, "append")
      \* Without an answer it may be there still.
      [] Line.what = "append-unknown"  -> UNCHANGED <<vars, flying>>
      [] Line.what = "quarantine-begun" -> Says(Has(altered[W] \cup quarantine[W].found, Line)) /\ Begin(r, "quarantine")
      [] Line.what = "quarantined"     -> EntryThere("quarantine", quarantine[W].found, Turn(r))
      [] Line.what = "quarantine-unknown" -> UNCHANGED <<vars, flying>>
      [] Line.what = "turn-ended"      ->
            /\ IF Line.x > 0 /\ Turn(r).does = "publish"
               THEN IF Line.next = "confirm" THEN RecoveryPublished(r) ELSE UNCHANGED vars
               ELSE Says(\A i \in SetOf(Line.looking) : <<Recovery(i), "look">> \notin flying)
            /\ UNCHANGED flying
      [] OTHER -> CarrierExplained(r)

PersonExplained(p) ==
    CASE Line.what = "release-begun"   -> Says(Has(quarantine[W].found, Line)) /\ Begin(p, "release")
      [] Line.what = "released"        -> EntryThere("release", quarantine[W].released, Released(p))
      [] Line.what = "release-unknown" -> UNCHANGED <<vars, flying>>
      \* The index entry at a version that cannot be read is put back to this one. When it had changed, nothing happens.
      [] Line.what = "back-begun"      -> Says(\E v \in Unreadable(W) : Line.version = Base(W, v)) /\ Begin(Back(Line.x), "back")
      [] Line.what = "back"            -> Says(<<Back(Line.x), "back">> \notin flying) /\ UNCHANGED flying
      [] Line.what = "back-changed"    -> Says(<<Back(Line.x), "back">> \in flying) /\ End(Back(Line.x), "back")
      [] Line.what = "back-unknown"    -> UNCHANGED <<vars, flying>>

(* The event of this version, and the bus has it. *)
IsOnBus(v, e) == v <= Len(log[W]) /\ Is(log[W][v].id, e) /\ Event(W, v) \in bus

Delivers(s) ==
    LET event == Event(W, Line.version) IN
    /\ IsOnBus(Line.version, Line.event_id)
    /\ IF event.v > Stands(s, W) /\ event \notin held[s]
       THEN DeliverEvent(s, event) /\ Len(applied'[s][W]) = Line.applied
       ELSE Says(Len(applied[s][W]) = Line.applied)

HarmDone == IF "harm" \in DOMAIN Line THEN Line.harm ELSE "altered"

(* These versions appeared on the bus first in this order. Each version that one of them has passed over was released as
   unreadable; it may have come later. *)
Appeared(s) ==
    /\ {event.v : event \in bus} = {s[i] : i \in 1..Len(s)}
    /\ \A i \in 1..Len(s) : (1..(s[i] - 1)) \ {s[j] : j \in 1..(i - 1)} \subseteq WasReleased(W)

EnvironmentExplained ==
    CASE Line.what = "altered"     -> AlterVersion(W) /\ <<Line.version, Line.content, HarmDone>> \in altered'[W]
      [] Line.what = "shown"       -> Says(\E x \in Shown(W) : x[2] = Line.version /\ Told(x[3]) = Line.content)
      [] Line.what = "delivered"   -> Delivers(Subscriber(1))
      \* What the stores hold at the end. The refusals of recoveries are in no variable here.
      [] Line.what = "log"         -> Says(Len(log[W]) = Len(Line.events) /\ Holds(1, Line.events))
      [] Line.what = "refusals"    -> Says(refusals = {Call(i) : i \in SetOf(Line.events) \ {0}})
      [] Line.what = "record-read" -> Says(SeesRecord(Line.found, Line.released))
      [] Line.what = "index"       -> Says(index[W].version = Line.version)
      [] Line.what = "bus"         -> Says(Appeared(Line.versions))

Explained ==
    CASE Line.what = "versions-read"   -> /\ Holds(Line.from, Line.events)
                                          /\ IF Line.by = "call" /\ MeetsItself(Who) THEN AppendRefused(Who) ELSE UNCHANGED vars
                                          /\ UNCHANGED flying
      [] Line.by = "call"              -> CallExplained(Who)
      [] Line.by = "turn"              -> TurnExplained(Who)
      [] Line.by = "publisher"         -> PublisherExplained(Who)
      [] Line.by = "person"            -> PersonExplained(Who)
      \* What is put again was published: nothing appears first by a replay.
      [] Line.by = "replay"            -> Says((Line.version <= index[W].version \/ Said(Line.version))
                                               /\ IsOnBus(Line.version, Line.event_id))
                                          /\ UNCHANGED flying
      [] Line.by = "environment"       -> EnvironmentExplained /\ UNCHANGED flying

Step ==
    /\ at <= Len(Lines)
    /\ Explained
    /\ at' = at + 1
    /\ run' = run
    /\ ~Explaining \/ PrintT(<<"explained", run, at>>)

(* All lines are explained, and what has come of it is as it must be. *)
Accept ==
    /\ at = Len(Lines) + 1
    /\ StateConsistency /\ TransitionValidity /\ AmendmentsKept /\ SignaturesVouch /\ SignaturesKept /\ SignaturesExpire
    /\ SignedAsDemanded /\ ConcurrentSafety /\ DataIntegrity /\ QuarantineHolds /\ PassedOverIsReleased
    /\ WorkflowUniqueness /\ RuleCompliance /\ StatePersistence /\ EventOrdering /\ RequestIdempotency /\ RefusalsKept
    /\ at' = at + 1
    /\ PrintT(<<"accepted", run>>)
    /\ UNCHANGED <<run, flying>>
    /\ UNCHANGED vars

TraceInit == Init /\ run \in 1..Len(Traces) /\ at = 1 /\ flying = {}

TraceSpec == TraceInit /\ [][Step \/ Between \/ Accept]_<<vars, traceVars>>
=============================================================================
