"""Which modifiers does a service line carry, and in which order?

Decides discipline, assistant, threshold, notice, habilitative and telehealth modifiers by payer and date, and carries
the ones sent that only a person can know; a sent one that it computes itself and did not find is told. 59 is added only
where a payer profile says so and the record shows separate blocks; none is dropped silently: more than four hold the
claim.
Authority: CMS Pub 100-04 ch. 5 §§10.3, 20.1; 42 CFR 410.59 and 410.60 (assistants); CMS Pub 100-04 ch. 30 (notices).
"""
