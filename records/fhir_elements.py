"""Names the elements of FHIR R4 (4.0.1) that the resources of a copy can have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_OF_ALL: Final = (
    "resourceType id meta implicitRules language text contained extension modifierExtension"
)
_OF_KINDS: Final = {
    "AllergyIntolerance": """
        asserter category clinicalStatus code criticality encounter identifier lastOccurrence
        note onsetAge onsetDateTime onsetPeriod onsetRange onsetString patient reaction
        recordedDate recorder type verificationStatus
    """,
    "CarePlan": """
        activity addresses author basedOn careTeam category contributor created description
        encounter goal identifier instantiatesCanonical instantiatesUri intent note partOf
        period replaces status subject supportingInfo title
    """,
    "ClinicalImpression": """
        assessor code date description effectiveDateTime effectivePeriod encounter finding
        identifier investigation note previous problem prognosisCodeableConcept
        prognosisReference protocol status statusReason subject summary supportingInfo
    """,
    "Condition": """
        abatementAge abatementDateTime abatementPeriod abatementRange abatementString asserter
        bodySite category clinicalStatus code encounter evidence identifier note onsetAge
        onsetDateTime onsetPeriod onsetRange onsetString recordedDate recorder severity stage
        subject verificationStatus
    """,
    "DetectedIssue": """
        author code detail evidence identifiedDateTime identifiedPeriod identifier implicated
        mitigation patient reference severity status
    """,
    "DiagnosticReport": """
        basedOn category code conclusion conclusionCode effectiveDateTime effectivePeriod
        encounter identifier imagingStudy issued media performer presentedForm result
        resultsInterpreter specimen status subject
    """,
    "DocumentReference": """
        authenticator author category content context custodian date description docStatus
        identifier masterIdentifier relatesTo securityLabel status subject type
    """,
    "Encounter": """
        account appointment basedOn class classHistory diagnosis episodeOfCare hospitalization
        identifier length location partOf participant period priority reasonCode reasonReference
        serviceProvider serviceType status statusHistory subject type
    """,
    "EpisodeOfCare": """
        account careManager diagnosis identifier managingOrganization patient period
        referralRequest status statusHistory team type
    """,
    "FamilyMemberHistory": """
        ageAge ageRange ageString bornDate bornPeriod bornString condition dataAbsentReason date
        deceasedAge deceasedBoolean deceasedDate deceasedRange deceasedString estimatedAge
        identifier instantiatesCanonical instantiatesUri name note patient reasonCode
        reasonReference relationship sex status
    """,
    "Flag": """
        author category code encounter identifier period status subject
    """,
    "Goal": """
        achievementStatus addresses category description expressedBy identifier lifecycleStatus
        note outcomeCode outcomeReference priority startCodeableConcept startDate statusDate
        statusReason subject target
    """,
    "ImagingStudy": """
        basedOn description encounter endpoint identifier interpreter location modality note
        numberOfInstances numberOfSeries procedureCode procedureReference reasonCode
        reasonReference referrer series started status subject
    """,
    "Immunization": """
        doseQuantity education encounter expirationDate fundingSource identifier isSubpotent
        location lotNumber manufacturer note occurrenceDateTime occurrenceString patient
        performer primarySource programEligibility protocolApplied reaction reasonCode
        reasonReference recorded reportOrigin route site status statusReason subpotentReason
        vaccineCode
    """,
    "Medication": """
        amount batch code form identifier ingredient manufacturer status
    """,
    "MedicationAdministration": """
        category context device dosage effectiveDateTime effectivePeriod eventHistory identifier
        instantiates medicationCodeableConcept medicationReference note partOf performer
        reasonCode reasonReference request status statusReason subject supportingInformation
    """,
    "MedicationDispense": """
        authorizingPrescription category context daysSupply destination detectedIssue
        dosageInstruction eventHistory identifier location medicationCodeableConcept
        medicationReference note partOf performer quantity receiver status
        statusReasonCodeableConcept statusReasonReference subject substitution
        supportingInformation type whenHandedOver whenPrepared
    """,
    "MedicationRequest": """
        authoredOn basedOn category courseOfTherapyType detectedIssue dispenseRequest
        doNotPerform dosageInstruction encounter eventHistory groupIdentifier identifier
        instantiatesCanonical instantiatesUri insurance intent medicationCodeableConcept
        medicationReference note performer performerType priorPrescription priority reasonCode
        reasonReference recorder reportedBoolean reportedReference requester status statusReason
        subject substitution supportingInformation
    """,
    "MedicationStatement": """
        basedOn category context dateAsserted derivedFrom dosage effectiveDateTime
        effectivePeriod identifier informationSource medicationCodeableConcept
        medicationReference note partOf reasonCode reasonReference status statusReason subject
    """,
    "NutritionOrder": """
        allergyIntolerance dateTime encounter enteralFormula excludeFoodModifier
        foodPreferenceModifier identifier instantiates instantiatesCanonical instantiatesUri
        intent note oralDiet orderer patient status supplement
    """,
    "Observation": """
        basedOn bodySite category code component dataAbsentReason derivedFrom device
        effectiveDateTime effectiveInstant effectivePeriod effectiveTiming encounter focus
        hasMember identifier interpretation issued method note partOf performer referenceRange
        specimen status subject valueBoolean valueCodeableConcept valueDateTime valueInteger
        valuePeriod valueQuantity valueRange valueRatio valueSampledData valueString valueTime
    """,
    "Patient": """
        active address birthDate communication contact deceasedBoolean deceasedDateTime gender
        generalPractitioner identifier link managingOrganization maritalStatus
        multipleBirthBoolean multipleBirthInteger name photo telecom
    """,
    "Procedure": """
        asserter basedOn bodySite category code complication complicationDetail encounter
        focalDevice followUp identifier instantiatesCanonical instantiatesUri location note
        outcome partOf performedAge performedDateTime performedPeriod performedRange
        performedString performer reasonCode reasonReference recorder report status statusReason
        subject usedCode usedReference
    """,
    "QuestionnaireResponse": """
        author authored basedOn encounter identifier item partOf questionnaire source status
        subject
    """,
    "RiskAssessment": """
        basedOn basis code condition encounter identifier method mitigation note
        occurrenceDateTime occurrencePeriod parent performer prediction reasonCode
        reasonReference status subject
    """,
    "ServiceRequest": """
        asNeededBoolean asNeededCodeableConcept authoredOn basedOn bodySite category code
        doNotPerform encounter identifier instantiatesCanonical instantiatesUri insurance intent
        locationCode locationReference note occurrenceDateTime occurrencePeriod occurrenceTiming
        orderDetail patientInstruction performer performerType priority quantityQuantity
        quantityRange quantityRatio reasonCode reasonReference relevantHistory replaces
        requester requisition specimen status subject supportingInfo
    """,
    "Specimen": """
        accessionIdentifier collection condition container identifier note parent processing
        receivedTime request status subject type
    """,
}
_NESTED: Final = """
    action actor additionalInstruction additive additiveCodeableConcept additiveProductName
    additiveReference additiveType administrationInstruction admitSource age allowedBoolean
    allowedCodeableConcept amount answer appliesTo asNeededBoolean asNeededCodeableConcept
    assessment attachment author authority baseFormulaProductName baseFormulaType basis bodySite
    boundsDuration boundsPeriod boundsRange caloricDensity capacity class code coding
    collectedDateTime collectedPeriod collector comment comparator condition contributedToDeath
    count countMax dailyAmount data dataAbsentReason date dayOfWeek definition denominator
    description destination detail detailBoolean detailCodeableConcept detailInteger
    detailQuantity detailRange detailRatio detailString dietPreference dimensions
    dischargeDisposition dispenseInterval display doNotPerform documentType dose doseAndRate
    doseNumberPositiveInt doseNumberString doseQuantity doseRange dueDate dueDuration duration
    durationMax durationUnit encounter end endpoint event expectedSupplyDuration expirationDate
    exposureRoute extension facilityType factor fastingStatusCodeableConcept
    fastingStatusDuration fluidConsistencyType foodType format frequency frequencyMax function
    goal high id identifier individual initialFill instance instantiatesCanonical
    instantiatesUri instruction interpretation isActive item itemCodeableConcept itemReference
    kind laterality link linkId location lotNumber low lowerLimit manifestation manipulated
    maxDosePerAdministration maxDosePerLifetime maxDosePerPeriod maxVolumeToDeliver measure
    method modality modifier modifierExtension note number numberOfInstances
    numberOfRepeatsAllowed numerator nutrient offset onBehalfOf onset onsetAge onsetPeriod
    onsetRange onsetString origin other outcome outcomeCodeableConcept outcomeReference
    patientInstruction performer period periodMax periodUnit physicalType practiceSetting
    preAdmissionIdentifier preferred presentationDate probabilityDecimal probabilityRange
    procedure productCodeableConcept productName productReference progress publicationDate
    qualitativeRisk quantity rank rateQuantity rateRange rateRatio rationale reAdmission reason
    reasonCode reasonReference reference referenceRange related relativeRisk repeat reported
    responsibleParty role route routeofAdministration schedule scheduledPeriod scheduledString
    scheduledTiming sequence series seriesDosesPositiveInt seriesDosesString severity site
    sopClass sourcePatientInfo specialArrangement specialCourtesy specimen specimenQuantity
    start started status statusReason strength substance summary system target targetDisease
    text texture timeDateTime timeOfDay timePeriod timing title type uid unit upperLimit use
    userSelected validityPeriod value valueAttachment valueBoolean valueCodeableConcept
    valueCoding valueDate valueDateTime valueDecimal valueInteger valuePeriod valueQuantity
    valueRange valueRatio valueReference valueSampledData valueString valueTime valueUri version
    wasSubstituted when whenPeriod whenRange
"""
_PLAIN: Final = """
    active allowedBoolean asNeededBoolean contributedToDeath count countMax deceasedBoolean
    detailBoolean detailInteger dimensions doNotPerform doseNumberPositiveInt duration
    durationMax estimatedAge factor frequency frequencyMax isActive isSubpotent lowerLimit
    multipleBirthBoolean multipleBirthInteger number numberOfInstances numberOfRepeatsAllowed
    numberOfSeries offset period periodMax preferred primarySource probabilityDecimal rank
    relativeRisk reported reportedBoolean sequence seriesDosesPositiveInt upperLimit
    userSelected value valueBoolean valueDecimal valueInteger wasSubstituted
"""

ELEMENTS: Final[Mapping[str, frozenset[str]]] = {
    kind: frozenset(f"{_OF_ALL} {names}".split()) for kind, names in _OF_KINDS.items()
}
"""The elements of each kind of resource that may be in a copy."""
NESTED: Final = frozenset(_NESTED.split())
"""The elements of the parts and data types of these kinds."""
PLAIN: Final = frozenset(_PLAIN.split())
"""Those of them whose value is a number, or true or false."""
