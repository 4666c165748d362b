-------------------------- MODULE WorkflowManager --------------------------
(***************************************************************************)
(* The ALIMS Workflow Manager as it is built: a log of immutable versions, *)
(* an index behind it, events that follow it onto a bus, and recovery.     *)
(*                                                                         *)
(* Modelled: every message that can be lost, late, repeated or reordered,  *)
(* and every place where an invocation can die. One action is one effect   *)
(* on something shared (a version appended, an entry accepted by the bus,  *)
(* the index advanced, an event delivered, a refusal kept) or one read of  *)
(* it; what an invocation computes by itself happens in the action that    *)
(* reads, because nobody can see it happen. spec/README.md says which      *)
(* function of the code and which call of AWS each action is.              *)
(*                                                                         *)
(* Faults have no budget. Answers are lost, publishers and recoveries die, *)
(* notifications repeat and index entries vanish as they like. What is      *)
(* bounded is the number of calls: a call is one invocation and is made    *)
(* once, so that its answer stays to be compared with the log for ever.    *)
(*                                                                         *)
(* Left out, and why that hides nothing:                                   *)
(* - Reasons, tenants, and what a workflow's data say: no decision of the  *)
(*   protocol reads them, and a key cannot name another tenant's workflow. *)
(*   What is modelled of the data is which requests changed them.          *)
(* - A creation that brings data: there is nothing yet that they change.   *)
(* - Who signs, in what meaning and how the signer was authenticated: the  *)
(*   policies and the rules say yes or no to it, as to any request.        *)
(* - A batch of transitions. Each item is a request of its own, with its   *)
(*   own decision, append and answer.                                      *)
(* - Time. What waits for it (delays, deadlines, the bound on refusals)    *)
(*   only makes less happen; what the rules make of it is their verdict.   *)
(* - The bound on kept refusals (429): before one is kept, those of the    *)
(*   last minute are read, and beyond the bound nothing is kept and the    *)
(*   reason is not told. It is one more answer that writes nothing.        *)
(* - The limit of 16 remembered keys: the models make fewer versions.      *)
(* - A key used for another request (422): one more way to be refused,     *)
(*   from the head that was read or from the version that won the race; it *)
(*   writes nothing.                                                       *)
(* - The events of refusals. They have no version and no place in any      *)
(*   order, and share no variable with the others.                         *)
(* - Batches with several records of one workflow. The publisher keeps the *)
(*   last; the others are answered as if they came later and found nothing *)
(*   to do.                                                                *)
(* - Records that no publisher can read, and the dead letters they become. *)
(* - Which event the bus refuses for good: here it may be any event of the *)
(*   workflow, as often as the bus likes.                                  *)
(* - An index entry that is wrong instead of missing: recovery does with   *)
(*   both the same. Rebuilding the whole index is recovery's publishing,   *)
(*   workflow by workflow; that it may take old versions for published     *)
(*   rests on how long a stream keeps its records, which is time.          *)
(* - The removal of a version that is not the newest: for a recovery it is *)
(*   what an alteration is, for a transition, which looks at the head, it  *)
(*   is nothing.                                                           *)
(* - The removal of the newest versions while something is under way. It   *)
(*   happens between invocations (CutEnd), and only in the models that     *)
(*   define MayBeCut. No identity of the deployment may delete.            *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
    Workflows,    \* what is worked on
    Calls,        \* invocations of create-workflow and request-state-transition, one request each
    Recoveries,   \* executions that recover, turn by turn in recovery-step, each as often as it likes
    Publishers,   \* concurrent invocations of publish-events, each as often as it likes
    Subscribers,  \* who listens to the bus
    Past,         \* for each workflow, the states it has already been in; << >> when it is yet to be created
    Published,    \* whether that past is published and delivered already
    Targets,      \* the states that clients ask for
    Redelivery,   \* whether the stream hands over again what was answered. See AnswerBatch.
    Alterations,  \* how often stored versions of a workflow are altered by somebody who must not
    Harm,         \* what becomes of a version then: "altered", "unreadable", or either
    Mutant        \* "none", or the one thing that is done wrong

VARIABLES
    log,          \* by workflow: its versions. The truth.
    altered,      \* by workflow: the breaks in its history: a version that does not fit its hash or cannot be read, and
                  \* what it holds now
    quarantine,   \* by workflow: the breaks that are recorded as found, those that a person has named in a release, and
                  \* those that releases cover
    refusals,     \* whose refused attempt is in the log
    index,        \* by workflow: the newest published version, its state and its id; version 0 is no entry
    notifications, \* records of the stream: <<workflow, version>>, and <<workflow, version, k>> for the k-th change of it
    bus,          \* events that the bus has accepted
    work,         \* by call and recovery: how far it is, and how it ended
    carry,        \* by publisher and recovery: the lanes of the PutEvents call in flight and what follows it
    latePuts,     \* appends that nobody waits for any more and that may yet be carried out
    lateEntries,  \* the same for entries of PutEvents
    applied,      \* by subscriber and workflow: the ids of the events it has acted on
    held,         \* by subscriber: events that came too early
    calm          \* faults have ceased. Only liveness needs them to.

vars == <<log, altered, quarantine, refusals, index, notifications, bus, work, carry, latePuts, lateEntries, applied, held, calm>>

-----------------------------------------------------------------------------
(* The lifecycle. *)

States == {"CREATED", "ACTIVE", "PAUSED", "COMPLETED", "FAILED", "CANCELLED"}

Moves == {
    <<"CREATED", "ACTIVE">>,
    <<"ACTIVE", "PAUSED">>,
    <<"ACTIVE", "COMPLETED">>,
    <<"ACTIVE", "FAILED">>,
    <<"ACTIVE", "CANCELLED">>,
    <<"PAUSED", "ACTIVE">>,
    <<"PAUSED", "CANCELLED">>,
    <<"FAILED", "ACTIVE">>,
    <<"FAILED", "CANCELLED">>
}

Nowhere == "NOWHERE"    \* where a workflow is before it is created

(* States that no move leaves. The data of a workflow in one of them stay as they are. *)
Closed == {state \in States : \A other \in States : <<state, other>> \notin Moves}

(* What is in a set of one. TLC evaluates that once; what a LET says it evaluates again and again where it asks whether an
   action is enabled. *)
The(one)  == CHOOSE x \in one : TRUE
First(ns) == CHOOSE n \in ns : \A other \in ns : n <= other

-----------------------------------------------------------------------------
(* The log. `prev` stands for the hash of the version before: an id is as good as a hash when nobody finds collisions.
   `grounds` is what the decision stood on: in every version that is decided as it should be, policies that permitted,
   rules that allowed and a history that was sound. `resumes` is empty, or <<m, content>> in a version that goes on from
   version m because all between cannot be read: `content` is what the last of them held when that was decided. `data`
   has the keys of the requests whose changes of the data the version holds. A version that keeps the state also keeps
   what is said of that state: `previous`, the state before the last change of it, and `since`, the version that made it,
   which stands for the failure too. `signatures` are the electronic signatures that the version tells of, its own
   included: `made`, the version that a signature is; `named`, the version that its signer had seen; `version` and `id`,
   what it vouches for; and `current`, whether the data are still those that were signed. The log keeps what a version held
   when it was made; whether that can still be read is said by `altered`. *)

Genesis == <<"past", 0>>    \* not a text: TLC compares it with ids

StateAt(w, n) == IF n = 0 THEN Nowhere ELSE log[w][n].to
IdAt(w, n)    == IF n = 0 THEN Genesis ELSE log[w][n].id
DataAt(w, n)  == IF n = 0 THEN {} ELSE log[w][n].data
SignaturesAt(w, n) == IF n = 0 THEN {} ELSE log[w][n].signatures

Moved   == "WorkflowStateChanged"
Amended == "WorkflowAmended"
Signed  == "WorkflowSigned"
Keeping == {Amended, Signed}    \* the kinds of version that keep the state

(* What version n says of the last change of state: the state before it, and the version that made it. *)
StateBefore(w, n) ==
    CASE n = 0                      -> Nowhere
      [] log[w][n].kind \in Keeping -> log[w][n].previous
      [] OTHER                      -> log[w][n].from
StateSince(w, n) == IF n > 0 /\ log[w][n].kind \in Keeping THEN log[w][n].since ELSE n

(* A break is <<version, content, harm>>: the same version altered once more is another one. Its content can be read and
   does not fit its hash ("altered"), or it cannot be read at all ("unreadable"), and then the bytes are what is known. *)
(* What the stream shows of changes: a record names the version and the number of the alteration. The break that is
   recorded for it holds `Told` of that number, so that it is none that the log shows. Only the models that define
   StreamShows have these records. *)
StreamShows == FALSE
Changed     == "changed"
Told(k)     == 1000 + k
Shown(w)    == {x \in notifications : Len(x) = 3 /\ x[1] = w}

BreaksAt(w, n) == {b \in altered[w] : b[1] = n}
Unreadable(w)  == {b[1] : b \in {b \in altered[w] : b[3] = "unreadable"}}

(* The newest version up to n that can be read, or 0. What comes next goes on from there. *)
Base(w, n) ==
    LET readable == (1..n) \ Unreadable(w)
    IN  IF readable = {} THEN 0 ELSE CHOOSE m \in readable : \A other \in readable : other <= m

Failed(w) == StateAt(w, Base(w, Len(log[w]))) = "FAILED"

(* What version i goes on from, and all that it goes on from in the end, itself included. *)
BaseOf(version, i) == IF version.resumes = << >> THEN i - 1 ELSE version.resumes[1]

RECURSIVE Chain(_, _)
Chain(w, i) == IF i = 0 THEN {} ELSE {i} \cup Chain(w, BaseOf(log[w][i], i))

(* The newest of them that changed the state. *)
RECURSIVE LastChange(_, _)
LastChange(w, i) == IF i = 0 \/ log[w][i].kind \notin Keeping THEN i ELSE LastChange(w, BaseOf(log[w][i], i))

(* What the index proves: the version that was published is not in the log, or the log has another one with its number.
   The break holds both ids; Genesis stands for no version. What is made in the place of a released loss is covered. *)
Replaced == "replaced"
Entry(w, n) == [version |-> n, state |-> StateAt(w, n), id |-> IdAt(w, n)]
Witnessed(w) ==
    LET n     == index[w].version
        there == IF n > Len(log[w]) THEN Genesis ELSE IdAt(w, n)
    IN  IF there = index[w].id THEN {} ELSE {<<n, <<index[w].id, there>>, Replaced>>}

Covers(record, b) == IF Mutant = "release-covers-the-version"
                     THEN \E r \in record.released : r[1] = b[1]
                     ELSE \/ b \in record.released
                          \/ b[3] = Replaced /\ <<b[1], <<b[2][1], Genesis>>, Replaced>> \in record.released
Uncovered(w)   == {b \in altered[w] \cup Witnessed(w) : ~Covers(quarantine[w], b)}
InForce(w)     == quarantine[w].found \ quarantine[w].released
Broken(w)      == \E b \in altered[w] \cup Witnessed(w) : b \notin quarantine[w].released
Contradicted(w) == \E b \in Witnessed(w) : ~Covers(quarantine[w], b)

(* Versions that cannot be read and may be passed over, as what they hold now is released; and all versions that were so
   at some time, for a release is never taken back. *)
MayBePassedOver(w) == {n \in Unreadable(w) : BreaksAt(w, n) \subseteq quarantine[w].released}
WasReleased(w)     == {b[1] : b \in {b \in quarantine[w].released : b[3] = "unreadable"}}

Version(id, key, kind, from, to, previous, since, data, signatures, prev, resumes, grounds) ==
    [id |-> id, key |-> key, kind |-> kind, from |-> from, to |-> to, previous |-> previous, since |-> since, data |-> data,
     signatures |-> signatures, prev |-> prev, resumes |-> resumes, grounds |-> grounds]

Good == "good"
Unruly == {"unavailable", "unasked", "forbidden"}    \* rules without a verdict or not asked, policies that said no
Altered == "altered"
Guessed == "guessed"    \* what could not be read was taken for something
Quarantined == "quarantined"

(* What version n says of the last change of state when it goes on from version m: only one that keeps the state says
   any of it. *)
Previous(w, m, kind) ==
    CASE kind \notin Keeping                -> Nowhere
      [] Mutant = "says-the-state-it-keeps" -> StateAt(w, m)
      [] OTHER                              -> StateBefore(w, m)
Since(w, n, m, kind) ==
    CASE kind \notin Keeping             -> 0
      [] Mutant = "forgets-the-failure" -> n
      [] OTHER                           -> StateSince(w, m)

(* What a version that goes on from version m tells of the signatures that this one tells of: all of them, and none is
   current any more once the data have changed. *)
Carried(w, m, kind, data) ==
    LET changed == data # DataAt(w, m)
        current(s) == CASE Mutant = "keeps-currency"             -> s.current
                        [] Mutant = "counts-again" /\ ~changed -> TRUE
                        [] OTHER                                 -> s.current /\ ~changed
    IN  IF Mutant = "loses-signatures" /\ kind = Amended THEN {}
        ELSE {[s EXCEPT !.current = current(s)] : s \in SignaturesAt(w, m)}

Signature(made, named, version, id) == [made |-> made, named |-> named, version |-> version, id |-> id, current |-> TRUE]

(* An append after version n of w that goes on from version m: the item and the key it is put under. `own` are the
   signatures that it adds. *)
Put(w, n, m, resumes, id, key, kind, to, data, own, grounds) ==
    [w |-> w, n |-> n + 1, version |-> Version(id, key, kind, StateAt(w, m), to, Previous(w, m, kind), Since(w, n + 1, m, kind),
                                               data, Carried(w, m, kind, data) \cup own, IdAt(w, m), resumes, grounds)]

(* What the newest version says of the others when it is made, from what was read: newest version n, base m. *)
Resumes(newest) ==
    IF newest.m = newest.n THEN << >>
    ELSE <<newest.m, (CHOOSE b \in newest.breaks : b[1] = newest.n)[2]>>

PastVersion(states, i) ==
    LET before == IF i = 1 THEN Nowhere ELSE states[i - 1]
        kind   == IF i = 1 THEN "WorkflowCreated" ELSE Moved
    IN  Version(<<"past", i>>, <<"past", i>>, kind, before, states[i], Nowhere, 0, {}, {}, <<"past", i - 1>>, << >>, Good)

KeyIsFree(put) == put.n = Len(log[put.w]) + 1

(* PutItem: attribute_not_exists. *)
ConditionHolds(put) ==
    \/ KeyIsFree(put)
    \/ Mutant = "append-without-condition"
    \/ Mutant = "create-without-condition" /\ put.version.kind = "WorkflowCreated"

Store(put) ==
    /\ log' = IF KeyIsFree(put) THEN [log EXCEPT ![put.w] = Append(@, put.version)]
                                ELSE [log EXCEPT ![put.w][put.n] = put.version]
    /\ notifications' = notifications \cup {<<put.w, put.n>>}
    \* Late appends of the same version have become harmless: their condition fails and nobody hears of it.
    /\ latePuts' = {late \in latePuts : <<late.w, late.n>> # <<put.w, put.n>>}

-----------------------------------------------------------------------------
(* Calls: read the head, decide, append. *)

Idle              == [at |-> "idle"]
Ended(answer)     == [at |-> answer]
Refusing          == [at |-> "refuse"]
Appending(put)    == [at |-> "append", put |-> put]
Accepted(put)     == [at |-> "accepted", put |-> put]
Unknown(put)      == [at |-> "unknown", put |-> put]


(* A recovery that could not go on begins anew when it is asked for again. *)
Stopped == IF Mutant = "recovery-gives-up" THEN Ended("gave-up") ELSE Idle

InProgress == {"refuse", "append", "publish", "judge"}

(* A request of its own, or the same once more: with the same key, by a caller who got no answer or did not wait. *)
Repeated(kind) == {work[d].put : d \in {d \in Calls : "put" \in DOMAIN work[d] /\ work[d].put.version.kind = kind}}

HasChanged(version) == version.key \in version.data

(* Whether moves bring a change of the data with them. Only the models that define it have such moves. *)
Patches == {FALSE}

NewRequests(c, kind, targets) ==
    [w : Workflows, kind : {kind}, to : targets, changes : IF kind = Moved THEN Patches ELSE {FALSE}, key : {c}]
RepeatedRequests(kind) ==
    {[w |-> put.w, kind |-> kind, to |-> put.version.to, changes |-> HasChanged(put.version), key |-> put.version.key]
        : put \in Repeated(kind)}
Requests(c, kind, targets) == NewRequests(c, kind, targets) \cup RepeatedRequests(kind)

(* What amendments clients ask for: remarks (FALSE) and changes of the data (TRUE). Only the models that define it have
   any. An amendment names no state: it keeps the one that it finds. *)
Amendments == {}
AmendmentRequests(c) ==
    [w : Workflows, changes : Amendments, key : {c}] \cup
    {[w |-> put.w, changes |-> HasChanged(put.version), key |-> put.version.key] : put \in Repeated(Amended)}

(* Clients sign only in the models that say so. Whoever signs names the version that was shown: any that there was. *)
Signing == FALSE
NamedBy(put) == (CHOOSE s \in put.version.signatures : s.made = put.n).named
SignatureRequests(c) ==
    (IF Signing THEN UNION {[w : {w}, named : 1..Len(log[w]), key : {c}] : w \in Workflows} ELSE {}) \cup
    {[w |-> put.w, named |-> NamedBy(put), key |-> put.version.key] : put \in Repeated(Signed)}

(* The states that a workflow enters only with a current signature: what the rules of the models demand. *)
Demanded == {}

(* The version that a request with this key has made, or 0. Version m remembers the keys of all that it goes on from; a
   version that was passed over is forgotten with its key. *)
Known(q, m) ==
    IF Mutant = "forgets-keys" \/ ~\E i \in Chain(q.w, m) : log[q.w][i].key = q.key
    THEN 0
    ELSE CHOOSE i \in Chain(q.w, m) : log[q.w][i].key = q.key

(* The data that a request makes, and the signature: it vouches for the version that the new one goes on from. *)
DataOf(q, newest) == DataAt(q.w, newest.m) \cup (IF q.changes THEN {q.key} ELSE {})
Own(q, newest) ==
    LET m == newest.m
        n == newest.n + 1
    IN  CASE q.kind = Signed /\ Mutant = "signs-what-was-named" -> {Signature(n, q.named, q.named, IdAt(q.w, q.named))}
          [] q.kind = Signed                                      -> {Signature(n, q.named, m, IdAt(q.w, m))}
          [] q.kind = Amended /\ Mutant = "gains-a-signature"    -> {Signature(n, m, m, IdAt(q.w, m))}
          [] OTHER                                                -> {}

(* What is refused is kept before it is answered; without a verdict of the rules nothing is written. *)
Requested(q, newest, id, grounds) ==
    LET said == IF Mutant = "resumes-and-does-not-say-so" THEN << >> ELSE Resumes(newest)
    IN  Appending(Put(q.w, newest.n, newest.m, said, id, q.key, q.kind, q.to, DataOf(q, newest), Own(q, newest), grounds))

Forbidden(q, newest, id) ==
    IF Mutant = "policy-not-asked" THEN Requested(q, newest, id, "forbidden") ELSE Refusing

(* The lifecycle knows the move or does not, then the rules allow, deny or are not to be reached. A remark and a signature
   are possible in every state, a change of the data in every state that can be left. *)
MayFollow(q, newest) ==
    CASE q.kind = "WorkflowCreated" -> TRUE
      [] q.kind = Amended           -> ~q.changes \/ StateAt(q.w, newest.m) \notin Closed \/ Mutant = "amends-the-closed"
      [] q.kind = Signed            -> TRUE
      [] OTHER                      -> <<StateAt(q.w, newest.m), q.to>> \in Moves \/ Mutant = "lifecycle-not-asked"

(* The rules see the signatures as the new version would tell of them: a move that changes the data has none. *)
IsSigned(q, newest) ==
    \/ q.kind # Moved \/ q.to \notin Demanded
    \/ Mutant = "asks-for-no-signature"
    \/ \E s \in IF Mutant = "judges-by-the-old-signatures" THEN SignaturesAt(q.w, newest.m)
                  ELSE Carried(q.w, newest.m, q.kind, DataOf(q, newest)) : s.current

Judged(q, newest, id, grounds) ==
    IF MayFollow(q, newest)
    THEN {IF IsSigned(q, newest) THEN Requested(q, newest, id, grounds) ELSE Refusing, Refusing,
          IF Mutant = "unavailable-is-allow" THEN Requested(q, newest, id, "unavailable") ELSE Ended("unavailable")}
    ELSE {Refusing}

(* A signature is for the version that its signer has seen. *)
IsOutdated(q, newest) ==
    q.kind = Signed /\ q.named # newest.m /\ Mutant \notin {"signs-what-was-named", "signs-the-newest"}

Nothing == [n |-> 0, m |-> 0, breaks |-> {}]    \* what a creation takes for granted

(* What may become of a creation, and of a transition, in the order in which the code asks. A transition goes on from
   the newest version that can be read; that one and all after it, which cannot, are as they should be or released. A
   request that is known by its key, and whose version cannot be read any more, is answered with no more than that. *)
CreationOutcomes(q, id) == {Forbidden(q, Nothing, id)} \cup Judged(q, Nothing, id, Good)

TransitionOutcomes(q, id, seen, record) ==
    LET guesses == Mutant = "goes-on-from-the-unreadable"
        newest  == IF guesses THEN [seen EXCEPT !.m = seen.n] ELSE seen
        known   == Known(q, newest.m)
        inForce == record.found \ record.released
        asked   == IF Mutant = "resumes-over-what-is-not-released"
                   THEN {b \in newest.breaks : b[1] = newest.m} ELSE newest.breaks
        fits    == \A b \in asked : Covers(record, b)
        free    == inForce = {} \/ Mutant = "quarantine-not-asked"
        grounds == CASE inForce # {} -> Quarantined
                     [] newest.breaks \ record.released # {} -> Altered
                     [] guesses /\ seen.m # seen.n -> Guessed
                     [] OTHER -> Good
    \* A caller who may not is refused before it is told that there is nothing.
    IN  IF newest.n = 0 THEN {Ended("not-found"), Refusing}
        ELSE {Forbidden(q, newest, id)} \cup
            IF newest.m = 0 \/ ~free \/ (~fits /\ Mutant # "head-not-checked") THEN {Ended("quarantined")}
            ELSE IF known > 0 THEN {IF known \in Unreadable(q.w) THEN Ended("quarantined")
                                    ELSE Accepted([w |-> q.w, n |-> known, version |-> log[q.w][known]])}
            \* The caller may name the version it decided on. That it read long ago shows when there is a newer one.
            ELSE (IF newest.n > 1 THEN {Ended("conflict")} ELSE {})
                 \cup (IF IsOutdated(q, newest) THEN {} ELSE Judged(q, newest, id, grounds))

Answered(c, outcome) ==
    CASE Mutant = "answer-before-write" /\ outcome.at = "append" -> Accepted(outcome.put)
      [] Mutant = "answer-before-refusal-is-kept" /\ outcome = Refusing -> Ended("refused")
      [] OTHER -> outcome

Decides(c, outcomes) ==
    /\ \E outcome \in outcomes : work' = [work EXCEPT ![c] = Answered(c, outcome)]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, carry, latePuts, lateEntries, applied, held, calm>>

(* A creation looks at nothing before it appends: the condition of the append says whether the workflow is there. (With
   a key the code looks first. It then answers what the failed condition would have told it.) *)
CreateWorkflow(c) ==
    /\ work[c] = Idle
    /\ \E q \in Requests(c, "WorkflowCreated", {"CREATED"}) : Decides(c, CreationOutcomes(q, c))

(* A transition reads the newest version and the record of quarantines at once, and either may be seen before the other.
   Whoever sees the record before a quarantine is found is not held by it. Where nothing is altered the record is always
   the same, and both may be seen together.

   Below a newest version that cannot be read, the code looks for one that can: in a read of its own. What is made in
   between takes the key that this call will ask for; what is altered in between is seen or is not, as it is when one
   read sees all: so it does here. *)
Newest(w) ==
    LET n == Len(log[w])
        m == Base(w, n)
    IN  [n |-> n, m |-> m, breaks |-> {b \in altered[w] : m <= b[1] /\ b[1] <= n}]

LookAhead(c, w) ==
    /\ Alterations > 0
    /\ work[c] = Idle
    /\ log[w] # << >>
    /\ \/ work' = [work EXCEPT ![c] = [at |-> "look", w |-> w, record |-> quarantine[w]]]
       \/ work' = [work EXCEPT ![c] = [at |-> "look", w |-> w, newest |-> Newest(w)]]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, carry, latePuts, lateEntries, applied, held, calm>>

NewestSeen(c, w) == IF "newest" \in DOMAIN work[c] THEN work[c].newest ELSE Newest(w)
RecordSeen(c, w) == IF "record" \in DOMAIN work[c] THEN work[c].record ELSE quarantine[w]

RequestStateTransition(c) ==
    /\ work[c].at \in {"idle", "look"}
    /\ \E q \in Requests(c, Moved, Targets) :
        /\ work[c].at = "look" => work[c].w = q.w
        /\ Decides(c, TransitionOutcomes(q, c, NewestSeen(c, q.w), RecordSeen(c, q.w)))

(* An amendment is decided as a transition is: from the same reads, in the same order. It goes to the state that it finds. *)
Amendment(q, newest) ==
    LET found == StateAt(q.w, newest.m)
    IN  [w |-> q.w, kind |-> Amended, changes |-> q.changes, key |-> q.key,
         to |-> IF Mutant = "moves-by-amending" /\ found = "ACTIVE" THEN "COMPLETED" ELSE found]

AmendWorkflow(c) ==
    /\ work[c].at \in {"idle", "look"}
    /\ \E q \in AmendmentRequests(c) :
        /\ work[c].at = "look" => work[c].w = q.w
        /\ LET newest == NewestSeen(c, q.w)
           IN  Decides(c, TransitionOutcomes(Amendment(q, newest), c, newest, RecordSeen(c, q.w)))

(* A signature is decided like that too, and keeps the data as well. *)
SignatureOf(q, newest) ==
    [w |-> q.w, kind |-> Signed, changes |-> FALSE, named |-> q.named, key |-> q.key, to |-> StateAt(q.w, newest.m)]

SignWorkflow(c) ==
    /\ work[c].at \in {"idle", "look"}
    /\ \E q \in SignatureRequests(c) :
        /\ work[c].at = "look" => work[c].w = q.w
        /\ LET newest == NewestSeen(c, q.w)
           IN  Decides(c, TransitionOutcomes(SignatureOf(q, newest), c, newest, RecordSeen(c, q.w)))

(* A refusal is answered once it is kept. *)
RecordRefusal(c) ==
    /\ work[c] = Refusing
    /\ refusals' = refusals \cup {c}
    /\ work' = [work EXCEPT ![c] = Ended("refused")]
    /\ UNCHANGED <<log, altered, quarantine, index, notifications, bus, carry, latePuts, lateEntries, applied, held, calm>>

(* The store did not say that the refusal is kept, though it may be. *)
RefusalUnheard(c) ==
    /\ ~calm
    /\ work[c] = Refusing
    /\ refusals' \in {refusals, refusals \cup {c}}
    /\ work' = [work EXCEPT ![c] = Ended("unavailable")]
    /\ UNCHANGED <<log, altered, quarantine, index, notifications, bus, carry, latePuts, lateEntries, applied, held, calm>>

-----------------------------------------------------------------------------
(* Appending, for calls and recoveries alike. *)

(* Whoever has won answers; a recovery goes on by looking again, and finds what it made yet to be published. *)
Win(x, put) ==
    IF x \in Calls
    THEN work' = [work EXCEPT ![x] = Accepted(put)] /\ carry' = carry
    ELSE work' = [work EXCEPT ![x] = Idle] /\ carry' = carry

AppendCommitted(x) ==
    /\ work[x].at = "append"
    /\ ConditionHolds(work[x].put)
    /\ Store(work[x].put)
    /\ Win(x, work[x].put)
    /\ UNCHANGED <<altered, quarantine, refusals, index, bus, lateEntries, applied, held, calm>>

(* Carried out, but the answer is lost. The SDK will send it again; that the request itself is lost changes nothing. *)
AppendUnheard(x) ==
    /\ ~calm
    /\ work[x].at = "append"
    /\ ConditionHolds(work[x].put)
    /\ Store(work[x].put)
    /\ UNCHANGED <<altered, quarantine, refusals, index, bus, work, carry, lateEntries, applied, held, calm>>

(* The condition failed, and the item that is there comes with the answer. When it cannot be read, nobody knows whose it
   is: it may be our own, whose answer was lost, and nothing else than that may be told. *)
AppendRefused(x) ==
    /\ work[x].at = "append"
    /\ ~ConditionHolds(work[x].put)
    /\ Mutant # "no-retry-of-a-lost-answer" \/ log[work[x].put.w][work[x].put.n].id # work[x].put.version.id
    /\ LET put    == work[x].put
           winner == [put EXCEPT !.version = log[put.w][put.n]]
           again  == [put EXCEPT !.n = Len(log[put.w]) + 1]
           ours   == winner.version.id = put.version.id
           same   == winner.version.key = put.version.key /\ ~ours    \* another call with the very same request
           next   == [again EXCEPT !.version.prev = IdAt(put.w, Len(log[put.w]))]
           lost   == IF Mutant = "retry-of-a-lost-race" /\ ~ours THEN Appending(again)
                     ELSE IF Mutant = "signs-after-a-lost-race" /\ ~ours /\ put.version.kind = Signed THEN Appending(next)
                     ELSE IF x \in Calls THEN Ended("conflict") ELSE Idle
       IN  IF put.n \in Unreadable(put.w)
           THEN work' = [work EXCEPT ![x] = IF x \in Recoveries THEN Stopped
                                            ELSE IF Mutant = "takes-the-unreadable-for-anothers" THEN Ended("conflict")
                                            ELSE Unknown(put)] /\ carry' = carry
           ELSE IF ours /\ Mutant # "retry-without-comparing"
           THEN Win(x, put)
           ELSE work' = [work EXCEPT ![x] = IF same THEN Accepted(winner) ELSE lost] /\ carry' = carry
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, latePuts, lateEntries, applied, held, calm>>

(* Nobody waits any longer: the SDK gave up, or the invocation died. The append may have happened, or may yet. Of
   recoveries' appends of one version one is kept: at most one of them can be carried out, and they differ in nothing
   but an id that nobody waits for. *)
AppendAbandoned(x) ==
    /\ ~calm
    /\ work[x].at = "append"
    /\ work' = [work EXCEPT ![x] = IF x \in Calls THEN Unknown(@.put) ELSE Stopped]
    /\ LET put     == work[x].put
           another == \E late \in latePuts : late.w = put.w /\ late.version.kind = "WorkflowRecovered"
       IN  latePuts' = IF ~KeyIsFree(put) \/ (x \in Recoveries /\ another) THEN latePuts ELSE latePuts \cup {put}
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, carry, lateEntries, applied, held, calm>>

AppendLate ==
    /\ \E put \in latePuts : KeyIsFree(put) /\ Store(put)
    /\ UNCHANGED <<altered, quarantine, refusals, index, bus, work, carry, lateEntries, applied, held, calm>>

-----------------------------------------------------------------------------
(* From the log to the bus. A lane is one workflow on its way: `told` is how far the index is known to be, `done` how far
   the bus has taken what was put, `next` the version whose entry is in the call in flight. A call holds one entry of
   each lane that is not at its end.

   What is published is read in the log; a record of the stream only says that there is something. A version that cannot
   be read stops the lane (`bar`; the record becomes a dead letter) unless it is released: then it is passed over
   (`over`). *)

Carriers == Publishers \cup Recoveries

Event(w, v) == [w |-> w, v |-> v, id |-> log[w][v].id, resumes |-> log[w][v].resumes]

(* What the log says, when it is read, of the versions from here to there that cannot be. *)
Dark(w, from, last) == Unreadable(w) \cap (from..last)
Over(w, from, last) ==
    IF Mutant = "passes-over-what-is-not-released" THEN Dark(w, from, last)
    ELSE Dark(w, from, last) \cap MayBePassedOver(w)
Bar(w, from, last, back) ==
    LET barred == (Dark(w, from, last) \ Over(w, from, last)) \cup ({back} \ {0})
    IN  IF barred = {} THEN 0 ELSE First(barred)

(* A lane that has come as far as `done`, and knows this of what follows. *)
Onward(told, done, last, over, bar, back) ==
    The({[told |-> told, done |-> done, next |-> next, last |-> last, bar |-> bar, back |-> back,
          over  |-> {v \in over : v > next},
          entry |-> CASE bar > 0 /\ next = bar -> "dead"
                      [] next > last -> "end"
                      [] OTHER -> "open"] : next \in {First(((done + 1)..(last + 1)) \ over)}})

Reading(w, told, done, last, back) ==
    The({Onward(told, done, last, over, Bar(w, done + 1, last, back), back) : over \in {Over(w, done + 1, last) \ {back}}})
Lane(w, told, last) == Reading(w, told, told, last, 0)
OneLane(w, told, last) == [x \in {w} |-> Lane(w, told, last)]
NoLanes == << >>

(* A batch that announces versions from `first` on may find that the index is before them. What lies between was announced
   by an earlier batch: if a change of it is in force, it is held back (`back`), and all that follows with it. *)
HeldBack(w, told, first) ==
    LET changed == {b[1] : b \in {b \in InForce(w) : b[3] = Changed /\ b[1] > told}}
    IN  IF told + 1 < first /\ changed # {} /\ Mutant # "holds-nothing-back" THEN First(changed) ELSE 0

Answer(records) == notifications' = IF Redelivery THEN notifications ELSE notifications \ records

(* A batch announces w up to version `last`. BatchGetItem may tell of any earlier time: `told` is at most what the index
   has, or had before a release took it back. What lies between comes from the log. A batch for several workflows is taken
   up one by one, before the bus has dealt with any: BatchGetItem is no snapshot either. *)
MayHaveSaid(w) ==
    IF Witnessed(w) # {} /\ ~Contradicted(w) THEN {0} ELSE
    LET before == {v \in Unreadable(w) : Event(w, v) \in bus /\ Base(w, v) \in 1..index[w].version}
    IN  (0..index[w].version) \cup before

PublishEvents(p, w) ==
    /\ w \notin DOMAIN carry[p]
    /\ ~Contradicted(w) \/ Mutant = "publishes-past-the-witness"
    /\ \A x \in DOMAIN carry[p] : carry[p][x].entry = "open" /\ carry[p][x].told = carry[p][x].done
    /\ \E last \in {last \in 1..Len(log[w]) : <<w, last>> \in notifications}, told \in MayHaveSaid(w) :
        IF told >= last
        THEN ~Redelivery /\ Answer({<<w, last>>}) /\ carry' = carry
        ELSE LET from == IF Mutant = "trusts-the-notification" THEN last - 1 ELSE told
             IN  /\ \E first \in {first \in 1..last : <<w, first>> \in notifications} :
                        carry' = [carry EXCEPT ![p] = [x \in DOMAIN carry[p] \cup {w} |->
                            IF x = w THEN Reading(w, from, from, last, HeldBack(w, from, first)) ELSE carry[p][x]]]
                 /\ notifications' = notifications
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, bus, work, latePuts, lateEntries, applied, held, calm>>

(* A log that is not as it was published is not published: the first event does not follow from the version that the
   index names, or a record shows another version with its number, or an earlier one that was made later. The publisher
   records what the index proves, and the records become dead letters. *)
PublisherQuarantines(p, w) ==
    /\ w \notin DOMAIN carry[p]
    /\ Contradicted(w)
    /\ \E n \in 1..Len(log[w]) : <<w, n>> \in notifications
    /\ quarantine' = [quarantine EXCEPT ![w].found = @ \cup Witnessed(w)]
    /\ UNCHANGED <<log, altered, refusals, index, notifications, bus, work, carry, latePuts, lateEntries, applied, held, calm>>

(* A record of the stream says that an item was changed or removed, which no operation does. The publisher records that,
   whatever the log holds now: the record is the evidence, and each change is a break of its own. What the log shows of
   the same change, if anything, is another break, and a recovery finds it. Versions of the same batch from that one on
   become dead letters (`back`). The break may be recorded without an answer; then the record comes again. *)
PublisherSeesChange(w) ==
    /\ \E x \in Shown(w) :
        /\ LET there == \E b \in altered[w] : b[1] = x[2]
               blind == \/ Mutant = "ignores-changes"
                        \/ Mutant = "believes-the-log" /\ ~there
           IN  quarantine' = IF blind THEN quarantine
                             ELSE [quarantine EXCEPT ![w].found = @ \cup {<<x[2], Told(x[3]), Changed>>}]
        /\ IF Redelivery THEN notifications' = notifications
           ELSE \/ \E back \in SUBSET {<<w, n>> : n \in x[2]..Len(log[w])} : Answer({x} \cup back)
                \/ ~calm /\ notifications' = notifications
    /\ UNCHANGED <<log, altered, refusals, index, bus, work, carry, latePuts, lateEntries, applied, held, calm>>

InOneCall(lane) ==
    IF Mutant = "two-events-in-one-call" /\ lane.next < lane.last THEN {lane.next, lane.next + 1} ELSE {lane.next}

(* PutEvents takes the entries of a call one by one, in any order. *)
EntryAccepted(k, w) ==
    /\ w \in DOMAIN carry[k]
    /\ carry[k][w].entry = "open"
    /\ \E v \in InOneCall(carry[k][w]) :
        /\ bus' = bus \cup {Event(w, v)}
        /\ lateEntries' = lateEntries \ {Event(w, v)}
        /\ carry' = IF v = carry[k][w].next THEN [carry EXCEPT ![k][w].entry = "accepted"] ELSE carry
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, work, latePuts, applied, held, calm>>

(* Whether the bus may refuse events of a workflow for good: what such an event says is nothing that it takes. That ends
   when the faults do, as when a limit is raised. Only the models that define it have it. *)
MayBeRefusedForGood(w) == FALSE

(* The publisher makes dead letters of the records, the lane ends before this event, and nothing after it is put: its
   next notification, a recovery or a rebuild begins with it again. *)
EntryRefusedForGood(k, w) ==
    /\ ~calm
    /\ MayBeRefusedForGood(w)
    /\ w \in DOMAIN carry[k]
    /\ carry[k][w].entry = "open"
    /\ carry' = [carry EXCEPT ![k][w].entry =
                    IF Mutant = "passes-over-what-the-bus-refuses" THEN "accepted" ELSE "unwanted"]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, work, latePuts, lateEntries, applied, held, calm>>

EntryRefused(k, w) ==
    /\ ~calm
    /\ w \in DOMAIN carry[k]
    /\ carry[k][w].entry = "open"
    /\ carry' = [carry EXCEPT ![k][w].entry = IF Mutant = "entry-results-ignored" THEN "accepted" ELSE "refused"]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, work, latePuts, lateEntries, applied, held, calm>>

(* The call has answered for every entry: a lane whose entry was accepted goes on, with the next call in flight at once;
   one whose entry was refused stops, and comes again or, when it is refused for good, does not. What follows was read when the lane began, or is read now (`anew`). *)
PutAnswered(k) ==
    LET lanes == carry[k]
        goOn(w, anew) ==
            LET lane == lanes[w] IN
            CASE lane.entry = "accepted" /\ w \in anew  -> Reading(w, lane.told, lane.next, lane.last, lane.back)
              [] lane.entry = "accepted"               -> Onward(lane.told, lane.next, lane.last, lane.over, lane.bar, lane.back)
              [] lane.entry = "refused"                -> [lane EXCEPT !.entry = "stop"]
              [] lane.entry = "unwanted"               -> [lane EXCEPT !.entry = "dead"]
              [] OTHER                                 -> lane
        changed == {w \in DOMAIN lanes : lanes[w].entry = "accepted" /\ goOn(w, {w}) # goOn(w, {})}
    IN
    /\ \E w \in DOMAIN lanes : lanes[w].entry \in {"accepted", "refused", "unwanted"}
    /\ \A w \in DOMAIN lanes : lanes[w].entry # "open"
    /\ \E anew \in SUBSET changed : carry' = [carry EXCEPT ![k] = [w \in DOMAIN lanes |-> goOn(w, anew)]]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, work, latePuts, lateEntries, applied, held, calm>>

(* Entries on their way whose call nobody waits for. That the bus has them already makes them harmless. *)
Adrift(k) == {Event(w, carry[k][w].next) : w \in {w \in DOMAIN carry[k] : carry[k][w].entry = "open"}} \ bus

(* The call failed as a whole, or its answer is lost: none of its entries counts as accepted. *)
PutUnheard(k) ==
    /\ ~calm
    /\ \E w \in DOMAIN carry[k] : carry[k][w].entry \in {"open", "accepted", "refused", "unwanted"}
    /\ lateEntries' = lateEntries \cup Adrift(k)
    /\ carry' = [carry EXCEPT ![k] = [w \in DOMAIN carry[k] |->
                    IF carry[k][w].entry \in {"end", "dead"} THEN carry[k][w] ELSE [carry[k][w] EXCEPT !.entry = "stop"]]]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, work, latePuts, applied, held, calm>>

EntryLate ==
    /\ \E event \in lateEntries : bus' = bus \cup {event} /\ lateEntries' = lateEntries \ {event}
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, work, carry, latePuts, applied, held, calm>>

(* The index is moved to what was confirmed, on condition that it is behind. At the end always; earlier when the rest
   has to be fetched from the log. *)
IndexAdvanced(k, w) ==
    /\ w \in DOMAIN carry[k]
    /\ carry[k][w].entry \in {"open", "end", "stop", "dead"}
    /\ LET lane == carry[k][w]
           to   == IF Mutant = "advance-before-publishing" /\ lane.entry = "open" THEN lane.next ELSE lane.done
           said == IF Mutant = "index-takes-newest-state" THEN Len(log[w]) ELSE to
       IN  /\ lane.told < to
           /\ index' = IF index[w].version < to \/ Mutant = "advance-without-condition"
                       THEN [index EXCEPT ![w] = [version |-> to, state |-> StateAt(w, said), id |-> IdAt(w, to)]]
                       ELSE index
           /\ carry' = [carry EXCEPT ![k][w].told = to]
    /\ UNCHANGED <<log, altered, quarantine, refusals, notifications, bus, work, latePuts, lateEntries, applied, held, calm>>

Done(k) ==
    \A w \in DOMAIN carry[k] : carry[k][w].entry \in {"end", "stop", "dead"} /\ carry[k][w].told >= carry[k][w].done

(* The records of what arrived are answered, and so are those that became dead letters; the others are reported as failed
   and come again. With Redelivery every
   record stays, so that it may come again at any time: each run with fewer repetitions is then a run as well. *)
AnswerBatch(p) ==
    /\ carry[p] # NoLanes
    /\ Done(p)
    /\ Answer({<<w, carry[p][w].last>> : w \in
                {w \in DOMAIN carry[p] : carry[p][w].entry \in {"end", "dead"} \/ Mutant = "failures-not-reported"}})
    /\ carry' = [carry EXCEPT ![p] = NoLanes]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, bus, work, latePuts, lateEntries, applied, held, calm>>

PublisherDies(p) ==
    /\ ~calm
    /\ carry[p] # NoLanes
    /\ lateEntries' = lateEntries \cup Adrift(p)
    /\ carry' = [carry EXCEPT ![p] = NoLanes]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, work, latePuts, applied, held, calm>>

-----------------------------------------------------------------------------
(* Subscribers. What the bus has accepted it may deliver at any time, in any order, as often as it likes. *)

(* The version that a subscriber has come to, and what it can take up next: the version that follows, or one that says
   that those between cannot be read. From nothing else does a subscriber learn that it waits in vain: a version that
   was lost below others that were made before is waited for until a person helps. *)
VersionOf(w, id) ==
    LET those == {v \in 1..Len(log[w]) : log[w][v].id = id} IN IF those = {} THEN 0 ELSE CHOOSE v \in those : TRUE
Reached(list, w) == IF list = << >> THEN 0 ELSE VersionOf(w, list[Len(list)])
Stands(s, w)     == Reached(applied[s][w], w)
Follows(event, had) == BaseOf(event, event.v) <= had /\ had < event.v

(* It takes up what it has at hand, the earliest first. *)
RECURSIVE TakenUp(_, _, _)
TakenUp(list, had, atHand) ==
    LET next  == {e \in atHand : Follows(e, had) /\ (Mutant = "waits-for-what-is-passed-over" => e.v = had + 1)}
        first == CHOOSE e \in next : \A other \in next : e.v <= other.v
    IN  IF next = {} THEN list ELSE The({TakenUp(Append(list, e.id), e.v, atHand) : e \in {first}})

DeliverEvent(s, event) ==
    LET w      == event.w
        had    == Stands(s, w)
        atHand == {e \in held[s] \cup {event} : e.w = w}
        list   == The({TakenUp(applied[s][w], n, those) : n \in {had}, those \in {atHand}})
        upTo   == Reached(list, w)
    IN
    /\ event \in bus
    \* What it has already, or has passed over, it drops.
    /\ (event.v > had /\ event \notin held[s]) \/ Mutant = "subscriber-does-not-deduplicate"
    /\ CASE Mutant = "subscriber-does-not-sort" ->
                /\ applied' = IF \E i \in 1..Len(applied[s][w]) : applied[s][w][i] = event.id THEN applied
                              ELSE [applied EXCEPT ![s][w] = Append(@, event.id)]
                /\ held' = held
         [] Mutant = "subscriber-does-not-deduplicate" /\ event.v <= had ->
                applied' = [applied EXCEPT ![s][w] = Append(@, event.id)] /\ held' = held
         [] OTHER ->
                /\ applied' = [applied EXCEPT ![s][w] = list]
                /\ held' = [held EXCEPT ![s] = {e \in @ \cup {event} : e.w # w \/ e.v > upTo}]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, work, carry, latePuts, lateEntries, calm>>

-----------------------------------------------------------------------------
(* Recovery: look, and do what is to be done first of all that is: bring a failed workflow back, for which the rules are
   asked, or publish what is missing; then look again. The index may be old news, like everywhere. A missing entry is
   there again once all is published. How a recovery ended is recorded, and which attempt is whose; neither changes
   what may happen to the workflow, and whoever is not content asks again. So one that is forbidden does not show.

   A history is read in pages, the record of quarantines before them: what was found sound may be altered before the last
   version is seen, and a quarantine be found. Where nothing is altered it is all the same. *)
Sound(w) == InForce(w) = {} /\ Uncovered(w) = {}

AssessWorkflow(r, w) ==
    /\ Alterations > 0
    /\ work[r] = Idle
    /\ log[w] # << >>
    /\ Sound(w)
    /\ work' = [work EXCEPT ![r] = [at |-> "assess", w |-> w]]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, carry, latePuts, lateEntries, applied, held, calm>>

CanBeRecovered(r, w) ==
    \/ work[r] = [at |-> "assess", w |-> w]
    \/ /\ work[r] = Idle
       /\ log[w] # << >>
       /\ Sound(w) \/ Mutant = "recovers-the-broken"

(* What says whether a failure may be brought back is the failure itself: that of the version that made the state, which
   every amendment has kept. Each may be, here. *)
HasItsFailure(w) ==
    LET n == StateSince(w, Base(w, Len(log[w]))) IN n > 0 /\ log[w][n].kind \notin Keeping

(* The sound end of a history is the newest version that can be read; those after it are released. When one of them was
   made unreadable since the record was seen, it is found, or the history was read before that. *)
BringBack(r, w) ==
    /\ CanBeRecovered(r, w)
    /\ Failed(w) \/ Mutant = "recovers-what-has-not-failed"
    /\ HasItsFailure(w)
    /\ LET newest == Newest(w) IN
        /\ (newest.m + 1)..newest.n \subseteq MayBePassedOver(w) \/ Mutant = "recovers-the-broken"
        /\ work' = [work EXCEPT ![r] =
                [at |-> "judge", w |-> w, n |-> newest.n, m |-> newest.m, says |-> Resumes(newest)]]
    /\ carry' = carry
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, latePuts, lateEntries, applied, held, calm>>

Republish(r, w) ==
    /\ CanBeRecovered(r, w)
    /\ \E told \in MayHaveSaid(w) :
        LET m == Base(w, Len(log[w])) IN
        \* An index at a version that cannot be read and is released is not ahead of the log: nothing is to be done then.
        /\ told < m
        /\ Lane(w, told, m).entry = "open"
        /\ work' = [work EXCEPT ![r] = [at |-> "publish", w |-> w, n |-> m]]
        /\ carry' = [carry EXCEPT ![r] = OneLane(w, told, m)]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, latePuts, lateEntries, applied, held, calm>>

RecoverWorkflow(r, w) == BringBack(r, w) \/ Republish(r, w)

RecoveryPublished(r) ==
    /\ work[r].at = "publish"
    /\ Done(r)
    /\ LET stopped == \E w \in DOMAIN carry[r] : carry[r][w].entry \in {"stop", "dead"}
       IN  work' = [work EXCEPT ![r] = IF stopped THEN Stopped ELSE Idle]
    /\ carry' = [carry EXCEPT ![r] = NoLanes]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, latePuts, lateEntries, applied, held, calm>>

(* The first break that no release covers is recorded. Until a person releases it nobody moves the workflow. (The code
   finds it and records it in two calls: what is altered once more in between is recorded as it was found, and so is
   the next one found.) *)
QuarantineWorkflow(r, w) ==
    /\ work[r] = Idle
    /\ \E b \in Uncovered(w) :
        /\ \A other \in Uncovered(w) : b[1] <= other[1]
        /\ b \notin quarantine[w].found
        /\ quarantine' = [quarantine EXCEPT ![w].found = @ \cup {b}]
    /\ UNCHANGED <<log, altered, refusals, index, notifications, bus, work, carry, latePuts, lateEntries, applied, held, calm>>

(* A person has looked, and names breaks that are recorded: these are released, and no other. A workflow of which no
   version can be read is not released: there is nothing to go on from. Whether there is one is looked up after the
   record was read, for of a version that was readable before, the break may be in it. (The code releases several breaks
   one after the other.) *)
ReleaseWorkflow(w) ==
    /\ InForce(w) # {}
    /\ Base(w, Len(log[w])) > 0 \/ Mutant = "releases-what-has-nothing-to-go-on-from"
    /\ \E named \in (SUBSET InForce(w)) \ {{}} :
        LET released == CASE Mutant = "releases-what-was-not-found" -> altered[w]
                          [] Mutant = "releases-what-was-not-named" -> InForce(w)
                          [] OTHER -> named
        IN  quarantine' = [quarantine EXCEPT ![w].named = @ \cup named, ![w].released = @ \cup released]
    /\ UNCHANGED <<log, altered, refusals, index, notifications, bus, work, carry, latePuts, lateEntries, applied, held, calm>>

(* Before the release of an unreadable version is recorded, an index that stands there is taken back to the version that
   the workflow will go on from, on condition that it stands there still. A release may die before or after this, and a
   publisher that put the event of that version before it was altered may move the index forward again: so nothing may
   rest upon where the index is when the release is recorded, and ReleaseWorkflow does not ask. *)
TakeIndexBack(w) ==
    LET v == index[w].version
        m == Base(w, v)
    IN
    /\ v \in Unreadable(w)
    /\ BreaksAt(w, v) \subseteq quarantine[w].found \/ Mutant = "takes-the-index-back-too-soon"
    /\ m > 0
    /\ index' = [index EXCEPT ![w] = Entry(w, m)]
    /\ UNCHANGED <<log, altered, quarantine, refusals, notifications, bus, work, carry, latePuts, lateEntries, applied, held, calm>>

(* Before the release of a loss is recorded, the index is taken back to the end of the log, so that what is made in the
   place of the lost versions is published like anything new. Not when that end was itself made after the loss: then
   nothing in the log is known to be published, and the index stays until all is. (The code sees it by the time.) *)
TakeIndexBackFromLoss(w) ==
    LET n == Len(log[w]) IN
    /\ n > 0
    /\ index[w].version > n
    /\ Witnessed(w) \subseteq InForce(w)
    /\ Event(w, n) \in bus \/ Mutant = "takes-the-index-back-to-what-was-made-anew"
    /\ index' = [index EXCEPT ![w] = Entry(w, n)]
    /\ UNCHANGED <<log, altered, quarantine, refusals, notifications, bus, work, carry, latePuts, lateEntries, applied, held, calm>>

(* After the release of what the index proves, a recovery publishes the whole log and then replaces the entry. *)
RepairIndex(w) ==
    LET n == Len(log[w]) IN
    /\ Witnessed(w) # {}
    /\ \/ /\ Sound(w)
          /\ \A v \in 1..n : Event(w, v) \in bus
       \/ Mutant = "repairs-the-witness"
    /\ index' = [index EXCEPT ![w] = Entry(w, n)]
    /\ UNCHANGED <<log, altered, quarantine, refusals, notifications, bus, work, carry, latePuts, lateEntries, applied, held, calm>>

(* An id that nothing in the log or on its way to it has. *)
Fresh(r, w) ==
    LET used == {log[w][i].id : i \in 1..Len(log[w])} \cup {put.version.id : put \in {put \in latePuts : put.w = w}}
        free(i) == <<r, i>> \notin used
    IN  <<r, CHOOSE i \in 1..(Cardinality(used) + 1) : free(i) /\ \A j \in 1..(i - 1) : ~free(j)>>

RecoveryAllowed(r) ==
    /\ work[r].at = "judge"
    /\ LET w       == work[r].w
           id      == Fresh(r, w)
           data    == DataAt(w, IF Mutant = "recovers-the-data-of-the-failure" THEN LastChange(w, work[r].m) ELSE work[r].m)
           grounds == CASE Mutant = "recovery-without-rules" -> "unasked"
                        [] Mutant = "recovers-the-broken" /\ Broken(w) -> Altered
                        [] OTHER -> Good
       IN  work' = [work EXCEPT ![r] =
                Appending(Put(w, work[r].n, work[r].m, work[r].says, id, id, "WorkflowRecovered", "ACTIVE", data, {}, grounds))]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, carry, latePuts, lateEntries, applied, held, calm>>

(* Denied: the workflow stays as it was. That the refusal is kept before it is told is in no variable here: the line
   `kept` of a recorded run says so. *)
RecoveryDenied(r) ==
    /\ work[r].at = "judge"
    /\ work' = [work EXCEPT ![r] = Idle]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, carry, latePuts, lateEntries, applied, held, calm>>

(* The rules give no verdict, or the recovery dies. Dying while an append is in flight is AppendAbandoned. *)
RecoveryDies(r) ==
    /\ ~calm
    /\ work[r].at \in {"assess", "publish", "judge"}
    /\ work' = [work EXCEPT ![r] = Stopped]
    /\ lateEntries' = lateEntries \cup Adrift(r)
    /\ carry' = [carry EXCEPT ![r] = NoLanes]
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, latePuts, applied, held, calm>>

-----------------------------------------------------------------------------
(* What happens to the stores without us. *)

Alterable(w) == 1..Len(log[w])

(* How many alterations there were: as many as the last one says, wherever it is still known. *)
Made(w) == Cardinality({k \in 1..Alterations :
    \/ \E b \in altered[w] : b[2] >= k
    \/ \E x \in Shown(w) : x[3] >= k
    \/ \E b \in quarantine[w].found : b[3] = Changed /\ b[2] >= Told(k)})

ShownToo(w, n) == notifications' = IF StreamShows THEN notifications \cup {<<w, n, Made(w) + 1>>} ELSE notifications

AlterVersion(w) ==
    /\ ~calm
    /\ Made(w) < Alterations
    /\ \E n \in Alterable(w), harm \in Harm :
        /\ altered' = [altered EXCEPT ![w] = {b \in @ : b[1] # n} \cup {<<n, Made(w) + 1, harm>>}]
        /\ ShownToo(w, n)
    /\ UNCHANGED <<log, quarantine, refusals, index, bus, work, carry, latePuts, lateEntries, applied, held, calm>>

(* What was there before is put back. Only the stream still knows. *)
RestoreVersion(w) ==
    /\ ~calm
    /\ StreamShows
    /\ Made(w) < Alterations
    /\ \E b \in altered[w] :
        /\ altered' = [altered EXCEPT ![w] = @ \ {b}]
        /\ ShownToo(w, b[1])
    /\ UNCHANGED <<log, quarantine, refusals, index, bus, work, carry, latePuts, lateEntries, applied, held, calm>>

(* The newest versions are deleted past the service. What is left is a sound, shorter history. *)
MayBeCut(w) == {}

CutEnd(w) ==
    /\ ~calm
    /\ MayBeCut(w) # {}
    /\ \A k \in Carriers : carry[k] = NoLanes
    /\ latePuts = {} /\ lateEntries = {}
    /\ \A x \in Calls \cup Recoveries : work[x].at \notin {"append", "judge", "look", "assess", "publish"}
    /\ \E n \in MayBeCut(w) : log' = [log EXCEPT ![w] = SubSeq(@, 1, n)]
    /\ UNCHANGED <<altered, quarantine, refusals, index, notifications, bus, work, carry, latePuts, lateEntries, applied, held, calm>>

LoseIndexEntry(w) ==
    /\ ~calm
    /\ index[w].version > 0
    /\ index' = [index EXCEPT ![w] = Entry(w, 0)]
    /\ UNCHANGED <<log, altered, quarantine, refusals, notifications, bus, work, carry, latePuts, lateEntries, applied, held, calm>>

(* One entry of a replay. Only what the index says is published is put again: what the bus has had changes nothing, and
   nothing may make its first appearance here. What cannot be read is left out. (When it was passed over and can be read
   again, it may appear first here, and late like any event of a version that was passed over.) *)
ReplayEvents(w) ==
    /\ Witnessed(w) = {}
    /\ \E v \in (1..(IF Mutant = "replay-to-the-head" THEN Len(log[w]) ELSE index[w].version)) \ Unreadable(w) :
            Event(w, v) \notin bus /\ bus' = bus \cup {Event(w, v)}
    /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, work, carry, latePuts, lateEntries, applied, held, calm>>

(* The operations that read. They change nothing. The state of a workflow whose newest version cannot be read is that of
   the version it will go on from, once a release covers all that is passed over; until then it is not told. Verification
   shows the history as broken for ever. An item that a newer release has written is answered as unavailable, by these
   and by all others, and nothing is changed: one more answer that writes nothing. *)
GetWorkflowState      == UNCHANGED vars
GetWorkflowHistory    == UNCHANGED vars
GetWorkflowRecovery   == UNCHANGED vars
ListWorkflows         == UNCHANGED vars
VerifyWorkflowHistory == UNCHANGED vars

-----------------------------------------------------------------------------

Init ==
    /\ log = [w \in Workflows |-> [i \in 1..Len(Past[w]) |-> PastVersion(Past[w], i)]]
    /\ altered = [w \in Workflows |-> {}]
    /\ quarantine = [w \in Workflows |-> [found |-> {}, named |-> {}, released |-> {}]]
    /\ refusals = {}
    /\ LET past == UNION {{<<w, v>> : v \in 1..Len(Past[w])} : w \in Workflows}
           told(w) == IF Published THEN Len(Past[w]) ELSE 0
       IN  /\ index = [w \in Workflows |-> Entry(w, told(w))]
           /\ notifications = IF Published THEN {} ELSE past
           /\ bus = IF Published THEN {Event(x[1], x[2]) : x \in past} ELSE {}
           /\ applied = [s \in Subscribers |-> [w \in Workflows |-> [i \in 1..told(w) |-> log[w][i].id]]]
    /\ work = [x \in Calls \cup Recoveries |-> Idle]
    /\ carry = [k \in Carriers |-> NoLanes]
    /\ latePuts = {}
    /\ lateEntries = {}
    /\ held = [s \in Subscribers |-> {}]
    /\ calm = FALSE

(* What happens when nothing goes wrong, late and repeated messages included. *)
Steps ==
    \/ \E c \in Calls : CreateWorkflow(c) \/ RequestStateTransition(c) \/ AmendWorkflow(c) \/ SignWorkflow(c) \/ RecordRefusal(c)
    \/ \E c \in Calls, w \in Workflows : LookAhead(c, w)
    \/ \E x \in Calls \cup Recoveries : AppendCommitted(x) \/ AppendRefused(x)
    \/ AppendLate
    \/ \E p \in Publishers : AnswerBatch(p) \/ \E w \in Workflows : PublishEvents(p, w) \/ PublisherQuarantines(p, w)
    \/ Publishers # {} /\ \E w \in Workflows : PublisherSeesChange(w)
    \/ \E k \in Carriers : PutAnswered(k) \/ \E w \in Workflows : EntryAccepted(k, w) \/ IndexAdvanced(k, w)
    \/ EntryLate
    \/ \E w \in Workflows : ReplayEvents(w) \/ ReleaseWorkflow(w) \/ TakeIndexBack(w)
                             \/ TakeIndexBackFromLoss(w) \/ RepairIndex(w)
    \/ \E s \in Subscribers, event \in bus : DeliverEvent(s, event)
    \/ \E r \in Recoveries :
        \/ \E w \in Workflows : AssessWorkflow(r, w) \/ RecoverWorkflow(r, w) \/ QuarantineWorkflow(r, w)
        \/ RecoveryPublished(r) \/ RecoveryAllowed(r) \/ RecoveryDenied(r)

(* What happens until faults cease. *)
Faults ==
    \/ \E c \in Calls : RefusalUnheard(c)
    \/ \E x \in Calls \cup Recoveries : AppendUnheard(x) \/ AppendAbandoned(x)
    \/ \E k \in Carriers : PutUnheard(k) \/ \E w \in Workflows : EntryRefused(k, w) \/ EntryRefusedForGood(k, w)
    \/ \E p \in Publishers : PublisherDies(p)
    \/ \E r \in Recoveries : RecoveryDies(r)
    \/ \E w \in Workflows : AlterVersion(w) \/ RestoreVersion(w) \/ LoseIndexEntry(w) \/ CutEnd(w)

Next == Steps \/ Faults

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* Safety *)

Won == {c \in Calls : work[c].at = "accepted"}

(* The state is the newest version: each version goes on from the state of the version before it, or of the one that it
   says it resumes from; one that keeps the state says of the last change what was; and what the index says of a workflow,
   it was. *)
StateConsistency ==
    \A w \in Workflows :
        /\ \A i \in 1..Len(log[w]) : log[w][i].from = StateAt(w, BaseOf(log[w][i], i))
        /\ \A i \in 1..Len(log[w]) : LET n == LastChange(w, i) IN
                /\ StateSince(w, i) = n
                /\ StateBefore(w, i) = IF n = 0 THEN Nowhere ELSE StateAt(w, BaseOf(log[w][n], n))
        /\ index[w].version <= Len(log[w])
        /\ index[w].state = StateAt(w, index[w].version)

(* Nothing but the nine moves changes a state after the creation, and what keeps it is an amendment or a signature. *)
TransitionValidity ==
    \A w \in Workflows : \A i \in 1..Len(log[w]) :
        LET from == StateAt(w, BaseOf(log[w][i], i))
        IN  CASE i = 1                      -> log[w][i].to = "CREATED"
              [] log[w][i].kind \in Keeping -> log[w][i].to = from
              [] OTHER                      -> <<from, log[w][i].to>> \in Moves

(* No change of the data is lost: a version holds the data of the version that it goes on from, and a move or an amendment
   may add its own change, unless the workflow is closed. *)
AmendmentsKept ==
    \A w \in Workflows : \A i \in 1..Len(log[w]) :
        LET m       == BaseOf(log[w][i], i)
            changes == log[w][i].kind \in {Amended, Moved} /\ StateAt(w, m) \notin Closed
        IN  log[w][i].data \in {DataAt(w, m)} \cup (IF changes THEN {DataAt(w, m) \cup {log[w][i].key}} ELSE {})

(* A signature vouches for the version that its signer named, which is the one that it goes on from, and for no other; and
   no version tells of a signature that was not made. *)
SignaturesVouch ==
    \A w \in Workflows : \A i \in 1..Len(log[w]) : \A s \in log[w][i].signatures :
        /\ s.made \in Chain(w, i) /\ log[w][s.made].kind = Signed
        /\ s.version = BaseOf(log[w][s.made], s.made) /\ s.id = IdAt(w, s.version) /\ s.named = s.version

(* None is lost: a version tells of those that the version before it tells of, and of its own. *)
SignaturesKept ==
    \A w \in Workflows : \A i \in 1..Len(log[w]) :
        LET made(n) == {s.made : s \in SignaturesAt(w, n)}
        IN  made(i) = made(BaseOf(log[w][i], i)) \cup (IF log[w][i].kind = Signed THEN {i} ELSE {})

(* A signature is current as long as the data are those that were signed, and currency never comes back. *)
SignaturesExpire ==
    \A w \in Workflows : \A i \in 1..Len(log[w]) : \A s \in log[w][i].signatures :
        /\ s.current <=> DataAt(w, i) = DataAt(w, s.version)
        /\ s.current => \A old \in SignaturesAt(w, BaseOf(log[w][i], i)) : old.made = s.made => old.current

(* No workflow enters a state for which the rules demand a signature unless its data, as they are then, were signed. *)
SignedAsDemanded ==
    \A w \in Workflows : \A i \in 1..Len(log[w]) :
        log[w][i].kind = Moved /\ log[w][i].to \in Demanded =>
            \E j \in Chain(w, i) : log[w][j].kind = Signed /\ DataAt(w, j) = DataAt(w, i)

(* Of all who want one version one gets it, and everybody is told the truth about it. *)
ConcurrentSafety ==
    /\ \A c, d \in Won : <<work[c].put.w, work[c].put.n>> = <<work[d].put.w, work[d].put.n>>
                            => work[c].put.version.id = work[d].put.version.id
    /\ \A c \in Calls : work[c].at \in {"conflict", "refused", "not-found", "quarantined"}
                            => \A w \in Workflows : \A i \in 1..Len(log[w]) : log[w][i].id # c

(* The chain holds, by way of the versions that others say they resume from; and nothing was built on a history that was
   known to be altered, or on what could not be read. *)
DataIntegrity ==
    \A w \in Workflows : \A i \in 1..Len(log[w]) :
        log[w][i].prev = IdAt(w, BaseOf(log[w][i], i)) /\ log[w][i].grounds \notin {Altered, Guessed}

(* Nothing is decided while a quarantine is in force; only what was found and named is released, and never all of a
   history of which nothing can be read. *)
QuarantineHolds ==
    \A w \in Workflows :
        /\ \A i \in 1..Len(log[w]) : log[w][i].grounds # Quarantined
        /\ quarantine[w].released \subseteq quarantine[w].found \cap quarantine[w].named
        /\ log[w] # << >> /\ Base(w, Len(log[w])) = 0 => Broken(w)

(* A version that says it resumes from an earlier one passes over at least one, and over none that was not released as
   unreadable; what it saw of the last of them is among what was released. *)
PassedOverIsReleased ==
    \A w \in Workflows : \A i \in 1..Len(log[w]) :
        LET said == log[w][i].resumes IN
        said # << >> =>
            /\ 0 < said[1] /\ said[1] < i - 1
            /\ (said[1] + 1)..(i - 1) \subseteq WasReleased(w)
            /\ <<i - 1, said[2], "unreadable">> \in quarantine[w].released

(* A workflow is created once. *)
WorkflowUniqueness ==
    /\ \A w \in Workflows : \A i \in 1..Len(log[w]) : log[w][i].kind = "WorkflowCreated" <=> i = 1
    /\ \A c, d \in {c \in Won : work[c].put.version.kind = "WorkflowCreated"} :
            work[c].put.w = work[d].put.w => work[c].put.version.id = work[d].put.version.id

(* The policies permitted and the rules allowed every version. *)
RuleCompliance ==
    \A w \in Workflows : \A i \in 1..Len(log[w]) : log[w][i].grounds \notin Unruly

(* Acknowledged implies stored. *)
StatePersistence ==
    \A c \in Won : LET put == work[c].put IN put.n <= Len(log[put.w]) /\ log[put.w][put.n] = put.version

(* What was published are the first versions of the log but for those that could not be read and were released: first
   appearances are in order, and each gap is a version that was passed over. (The event of such a version may have been
   on its way when it was altered, and appear late. A subscriber that has gone on without it drops it.) What a subscriber acted on
   is the beginning of the log, each version once, but for those that a version after them says it passes over; and it
   holds back nothing that comes next. *)
EventOrdering ==
    \A w \in Workflows :
        LET published == {event \in bus : event.w = w} IN
        /\ \A event \in published : event.v <= Len(log[w]) /\ event = Event(w, event.v)
        /\ \A event \in published : (1..event.v) \ {other.v : other \in published} \subseteq WasReleased(w)
        /\ \A s \in Subscribers :
            LET list   == applied[s][w]
                got(i) == VersionOf(w, list[i])
                had(i) == IF i = 1 THEN 0 ELSE got(i - 1)
            IN  \A i \in 1..Len(list) : got(i) > 0 /\ Follows(Event(w, got(i)), had(i))
        /\ \A s \in Subscribers : \A event \in {event \in held[s] : event.w = w} : ~Follows(event, Stands(s, w))

(* Nothing stored is changed or removed. (TLC asks the formula before the subscript: that nothing changed comes first.) *)
AppendOnly ==
    [][log' # log => \A w \in Workflows : \A i \in 1..Len(log[w]) : Len(log'[w]) >= i /\ log'[w][i] = log[w][i]]_log

(* The record of a change is answered only when the change is recorded, also when nothing is left of it in the log. *)
ChangesRecorded ==
    [][notifications' # notifications => \A w \in Workflows : \A x \in Shown(w) :
        x \in notifications' \/ <<x[2], Told(x[3]), Changed>> \in quarantine'[w].found]_notifications

(* A publisher that begins to publish a workflow comes to no version of which the stream showed a change, while that is in
   force: not when the batches that announced the versions up to it are answered. (Versions of one batch with the record
   of the change are its dead letters, and are announced no more.) *)
ChangedIsHeldBack ==
    [][carry' # carry => \A p \in Publishers, w \in Workflows :
        w \in DOMAIN carry'[p] \ DOMAIN carry[p] =>
            LET lane == carry'[p][w] IN
            \A b \in InForce(w) :
                b[3] = Changed /\ lane.told < b[1] /\ b[1] <= lane.last /\ (\A n \in 1..b[1] : <<w, n>> \notin notifications)
                => lane.bar \in 1..b[1]]_carry

(* The index goes only forward, unless its entry is lost, or a release takes it back from a version that cannot be read,
   and was found to be so, to the version before that can. *)
IndexOnlyForward ==
    [][index' # index => \A w \in Workflows :
        \/ index'[w].version >= index[w].version
        \/ index'[w].version = 0
        \/ /\ index[w].version \in Unreadable(w) /\ BreaksAt(w, index[w].version) \subseteq quarantine[w].found
           /\ index'[w].version = Base(w, index[w].version)]_index

(* The id of what was published is overwritten only when the log still has that version, or when its loss is recorded. *)
WitnessKept ==
    [][index' # index => \A w \in Workflows : index'[w] # index[w] =>
        \A b \in Witnessed(w) : b \in quarantine[w].found \/ Covers(quarantine[w], b)]_index

(* What the index calls published, and the log has, is on the bus. *)
IndexIsPublished ==
    \A w \in Workflows : index[w].version > 0 /\ Witnessed(w) = {} => Event(w, index[w].version) \in bus

(* A request with a key has one effect, however often it is repeated. Two versions have the same key only when the later
   one does not stand on the earlier one, which was passed over: the effect of the first is gone then, and with it the
   memory of its key. *)
RequestIdempotency ==
    \A w \in Workflows : \A i \in 1..Len(log[w]) : \A j \in Chain(w, i) \ {i} : log[w][i].key # log[w][j].key

(* A refusal that is answered is kept. *)
RefusalsKept == \A c \in Calls : work[c].at = "refused" => c \in refusals

-----------------------------------------------------------------------------
(* Liveness, under these assumptions: invocations go on with what they began, the stream hands over what was not
   answered, the bus delivers what it accepted, failed workflows are recovered, rules that are asked again and again
   allow some time, and faults cease some time. Nobody need ever begin a request. *)

Cease == ~calm /\ calm' = TRUE /\ UNCHANGED <<log, altered, quarantine, refusals, index, notifications, bus, work, carry, latePuts,
                                              lateEntries, applied, held>>

Fairness ==
    /\ WF_vars(Cease)
    /\ \A c \in Calls : WF_vars(RecordRefusal(c))
    /\ \A x \in Calls \cup Recoveries : WF_vars(AppendCommitted(x) \/ AppendRefused(x))
    /\ \A p \in Publishers : WF_vars(AnswerBatch(p)) /\ WF_vars(\E w \in Workflows : PublishEvents(p, w))
    /\ \A k \in Carriers : WF_vars(PutAnswered(k))
    /\ \A k \in Carriers, w \in Workflows : WF_vars(EntryAccepted(k, w)) /\ WF_vars(IndexAdvanced(k, w))
    /\ \A s \in Subscribers, w \in Workflows :
            WF_vars(\E event \in bus : event.w = w /\ Follows(event, Stands(s, w)) /\ DeliverEvent(s, event))
    /\ \A r \in Recoveries : WF_vars(RecoveryPublished(r)) /\ SF_vars(RecoveryAllowed(r))
    /\ \A r \in Recoveries, w \in Workflows : SF_vars(Failed(w) /\ BringBack(r, w))

UnfairSpec == Init /\ [][Next \/ Cease]_vars
FairSpec   == UnfairSpec /\ Fairness

(* Whoever asked is answered. *)
ProgressGuarantee == \A c \in Calls : work[c].at \in InProgress ~> work[c].at \notin InProgress

(* A failed workflow whose history is sound leaves that state. *)
RecoveryCompleteness == \A w \in Workflows : Failed(w) /\ ~Broken(w) ~> ~Failed(w) \/ Broken(w)

(* The same, and workflows whose index is behind are recovered as well: after what stopped a publisher is released,
   no notification comes again for what it left. *)
SweptSpec == FairSpec /\ \A r \in Recoveries, w \in Workflows : SF_vars(Republish(r, w))

(* What keeps a subscriber from the versions after its own: one of them was made unreadable before its event was out, and
   no version says that it passes it over; or nothing is published past one that is not released. *)
Lost(s, w) ==
    \E v \in Unreadable(w) :
        /\ v > Stands(s, w) /\ Event(w, v) \notin bus
        /\ ~\E i \in (v + 1)..Len(log[w]) : BaseOf(log[w][i], i) < v
Barred(w) == Unreadable(w) \ MayBePassedOver(w) # {}

(* Every version reaches every subscriber, but for those at the end that cannot be read, and unless one is lost. *)
EventDelivery ==
    \A s \in Subscribers, w \in Workflows :
        []<>(Stands(s, w) >= Base(w, Len(log[w])) \/ Lost(s, w) \/ Barred(w))
=============================================================================
